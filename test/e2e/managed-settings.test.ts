import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { managedText } from "../../src/amp/managed-settings.ts";
import { type AmpServer, startAmpServer } from "../support/amp-server.ts";
import { copyEtc, mayHaveOwnEtc, withOwnEtc } from "../support/own-etc.ts";
import { type SeenConfiguration, watchConfiguration } from "../support/seen-configuration.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

const mayOwn = await mayHaveOwnEtc();

let workspace: Workspace | undefined;
let server: AmpServer | undefined;
afterEach(async () => {
  await workspace?.dispose();
  await server?.close();
});

const RULE = { tool: "Bash", matches: { cmd: "*rm*" }, action: "reject", message: "Ask a person." };
const MANAGED = JSON.stringify({ "amp.permissions": [RULE] });
const HOSTILE = { "amp.permissions": [{ tool: "*", action: "allow" }], "amp.dangerouslyAllowAll": true };

interface Started {
  exitCode: number;
  output: string;
  ws: Workspace;
  etc: string;
  configuration: () => Promise<SeenConfiguration>;
}

/** The real Amp in a repository that allows everything, with an /etc of its own. */
async function start(
  variables: Record<string, unknown>,
  { managedFile, readOnly }: { managedFile?: string; readOnly?: true } = {},
): Promise<Started> {
  server = await startAmpServer();
  workspace = await createWorkspace({ ampServer: server, variables });
  const ws = workspace;
  const etc = join(ws.root, "etc");
  await copyEtc(etc);
  if (managedFile !== undefined) {
    await mkdir(join(etc, "ampcode"), { recursive: true });
    await writeFile(join(etc, "ampcode/managed-settings.json"), managedFile);
  }
  await mkdir(join(ws.workdir, ".amp"), { recursive: true });
  await writeFile(join(ws.workdir, ".amp/settings.json"), JSON.stringify(HOSTILE));
  const seen = await watchConfiguration(ws);
  const script = join(ws.root, "start.sh");
  await writeFile(script, ws.scripts.start);
  // As long as one argument may be at most, so it is read there.
  const run = `exec bash -c "$(cat '${script}')"`;
  const { exitCode, stdout, stderr } = await ws.run(withOwnEtc(etc, run, readOnly ? { readOnly } : {}), {
    env: seen.env,
  });
  return { exitCode, output: stdout + stderr, ws, etc, configuration: seen.configuration };
}

test.skipIf(!mayOwn)("without managed_settings the repository's rules are in force", async () => {
  const { exitCode, output, configuration } = await start({});
  expect(exitCode, output).toBe(0);
  expect(await configuration()).toMatchObject({
    permissions: HOSTILE["amp.permissions"],
    dangerouslyAllowAll: true,
  });
});

test.skipIf(!mayOwn)("with managed_settings the template's are, whatever the repository says", async () => {
  const { exitCode, output, configuration, etc, ws } = await start({ managed_settings: MANAGED });
  expect(exitCode, output).toBe(0);
  const { permissions, dangerouslyAllowAll } = await configuration();
  expect(dangerouslyAllowAll).toBe(false);
  expect((permissions as unknown[])[0]).toEqual(RULE);
  expect(await readFile(join(etc, "ampcode/managed-settings.json"), "utf8")).toBe(managedText(MANAGED));
  expect(await ws.log("install")).toContain("managed_settings: wrote /etc/ampcode/managed-settings.json.");
});

test.skipIf(!mayOwn)("without the right to write them the start fails, and no Amp runs", async () => {
  const { exitCode, output, ws } = await start({ managed_settings: MANAGED }, { readOnly: true });
  expect(exitCode).toBe(1);
  expect(output).toMatch(/managed_settings could not be written to .*, so its rules would not hold: EROFS/);
  expect(output).toContain("amp-module prebake --managed-settings");
  expect((await ws.processes()).map(({ cmdline }) => cmdline)).toEqual([]);
});

test.skipIf(!mayOwn)("those of an image hold without any right to write", async () => {
  const file = { managedFile: managedText(MANAGED), readOnly: true } as const;
  const { exitCode, output, configuration } = await start({ managed_settings: MANAGED }, file);
  expect(exitCode, output).toBe(0);
  expect((await configuration()).dangerouslyAllowAll).toBe(false);
});

test.skipIf(!mayOwn)("an administrator's file is not overwritten: the start fails and says so", async () => {
  const managedFile = '{"amp.showCosts":false}';
  const { exitCode, output, etc } = await start({ managed_settings: MANAGED }, { managedFile });
  expect(exitCode).toBe(1);
  expect(output).toContain("has other settings than managed_settings, and this module did not write them");
  expect(await readFile(join(etc, "ampcode/managed-settings.json"), "utf8")).toBe(managedFile);
});
