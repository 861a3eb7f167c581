import { chmodSync, copyFileSync, mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AmpProbe } from "../../src/amp/probe.ts";
import { textIn } from "../../src/base/glance.ts";
import { endServer } from "../../src/server/end.ts";
import { readRunningServer } from "../../src/server/record.ts";
import { startRunner } from "../../src/start/runner.ts";
import { endProcesses, findProcesses } from "../support/processes.ts";
import { type ExampleContext, exampleContext } from "./example.ts";

const supervisor = fileURLToPath(new URL("../../scripts/supervisor.sh", import.meta.url));

let context: ExampleContext;
let amp: AmpProbe;

beforeEach(() => {
  context = exampleContext({ transport: "runner", enable_agentapi: false });
  const { paths } = context;
  copyFileSync(supervisor, paths.supervisor);
  const path = join(paths.home, ".amp/bin/amp");
  amp = { path, version: "1.0.0", flags: ["--no-tui"], modes: [], hasPluginModes: false, commands: [] };
});
afterEach(async () => {
  await endProcesses("AMP_MODULE_INSTANCE", context.paths.moduleDir, 0);
  rmSync(context.paths.home, { recursive: true, force: true });
});

/** An Amp that prints this as a runner, and lists itself. */
function placeAmp(...words: string[]): void {
  const workdir = join(realpathSync(context.paths.home), "project");
  const lines = [
    "#!/bin/sh",
    `[ "$*" = "runner list --json" ] && exec echo '{"runners":[{"workingDirectory":"${workdir}"}]}'`,
    ...words.map((line) => `echo '${line}'`),
    "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done",
  ];
  mkdirSync(dirname(amp.path), { recursive: true });
  writeFileSync(amp.path, lines.join("\n"));
  chmodSync(amp.path, 0o700);
}

const start = () => startRunner(context, amp, (options) => context.openLog(context.paths.startLog, options));
const log = () => textIn(context.paths.startLog);
const processes = () => findProcesses("AMP_MODULE_INSTANCE", context.paths.moduleDir);

test("known on the site, left alone, and started anew with another configuration", async () => {
  placeAmp("AMP RUNNER", "00:24:16 Registered. Create threads on https://ampcode.com");
  context.env["AMP_URL"] = "https://amp.example.com/";
  await start();
  expect(log()).toContain("Amp's site knows it: begin threads on https://amp.example.com.\n");
  const first = readRunningServer(context.paths.running);
  expect(first).toMatchObject({ isReady: true });
  await start();
  expect(readRunningServer(context.paths.running)).toEqual(first);
  context.config.instruction_prompt = "Be brief.";
  await start();
  const second = readRunningServer(context.paths.running);
  expect(second?.pid).not.toBe(first?.pid);
  expect(log()).toContain(`Ending what an earlier start has left running (pid ${first?.pid}).`);
  if (second) expect(await endServer(second)).toBe("ended");
  expect(await processes()).toEqual([]);
});

test("a runner that the site does not know is a warning, not a failure", async () => {
  placeAmp("AMP RUNNER");
  await start();
  expect(log()).toMatch(
    /WARN {2}Amp's server has not confirmed the runner yet, so https:\/\/ampcode\.com may/,
  );
  expect(readRunningServer(context.paths.running)).toMatchObject({ isReady: true });
});

test("an Amp that waits for a login is ended, and the log says what is missing", async () => {
  placeAmp("No API key found. Starting login flow...");
  await expect(start()).rejects.toMatchObject({ kind: "login", fix: expect.stringContaining("amp_api_key") });
  expect(log()).toContain("ERROR The agent did not start: Amp has no API key");
  expect(await processes()).toEqual([]);
});

test("an Amp that cannot be a runner is not tried", async () => {
  amp.flags = [];
  await expect(start()).rejects.toMatchObject({
    message: 'transport is "runner", but Amp 1.0.0 cannot be one: it has no --no-tui.',
    fix: expect.stringContaining("amp_version"),
  });
  expect(log()).toContain("cannot be one");
});
