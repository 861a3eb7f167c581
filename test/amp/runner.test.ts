import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readRunner, runnerFolders } from "../../src/amp/runner.ts";

const folder = mkdtempSync(join(tmpdir(), "amp-module-runner-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// As Amp 0.0.1790142911 prints it into a file.
const title =
  "AMP RUNNER\nproject (use --runner-id to customize) · dev\nrunner c08e…52c9 · pid 1\n\nDirectory  /p\n";
const registered = "00:24:16 Registered. Create threads on https://ampcode.com and they will run here.\n";
const interrupted = "00:25:02 Connection interrupted since 00:24:58; retrying (attempt 3). Details in /log\n";
const reconnected = "00:25:40 Reconnected. 2 interruptions since 00:24:58.\n";
const thread = "00:26:00 Running (1 thread running) https://ampcode.com/threads/T-1\n";

test.each([
  ["nothing yet", "", { hasBegun: false, isRegistered: false }],
  ["a failure", "Error: Couldn't connect to the Amp server\n", { hasBegun: false }],
  ["its title", title, { hasBegun: true, isRegistered: false }],
  ["registered", `${title}${registered}`, { hasBegun: true, isRegistered: true }],
  ["registered, and at work since", `${title}${registered}${thread}`, { isRegistered: true }],
  ["cut off", `${title}${registered}${interrupted}${thread}`, { isRegistered: false }],
  ["back", `${title}${registered}${interrupted}${reconnected}`, { isRegistered: true }],
  ["begun anew", `${title}${registered}${title}`, { hasBegun: true, isRegistered: false }],
  ["the end of a long log", thread.repeat(3), { hasBegun: false, isRegistered: true }],
])("what a runner's words say: %s", (_, output, expected) => {
  expect(readRunner(output)).toMatchObject(expected);
});

test("the folders that Amp lists, whatever it prints beside them; undefined if it lists nothing", async () => {
  const path = join(folder, "amp");
  const answer = async (body: string) => {
    writeFileSync(path, `#!/bin/sh\n[ "$*" = "runner list --json" ] || exit 2\n${body}\n`);
    chmodSync(path, 0o700);
    return runnerFolders(path, process.env);
  };
  const list = '{\\n  "runners": [{"runnerId":"r","workingDirectory":"/p","serveCwd":true}]\\n}\\n';
  expect(await answer(`echo 'npm warn x' >&2; printf '${list}'`)).toEqual(["/p"]);
  expect(await answer("echo '{\"runners\":[]}'")).toEqual([]);
  expect(await answer("echo 'error: unknown command'; exit 1")).toBeUndefined();
});
