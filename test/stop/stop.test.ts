import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identifyProcess, isRunning, type ProcessIdentity } from "../../src/base/process-identity.ts";
import { writeServerRecord } from "../../src/server/record.ts";
import { stop } from "../../src/stop/stop.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";

let context: ExampleContext;
let other: ProcessIdentity | undefined;
beforeEach(() => {
  context = exampleContext();
});
afterEach(() => {
  if (other && isRunning(other)) process.kill(other.pid, "SIGKILL");
  rmSync(context.paths.home, { recursive: true, force: true });
});

async function recordProcess(
  words: string[],
  change: Partial<ProcessIdentity> = {},
): Promise<ProcessIdentity> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", ...words]);
  await new Promise((resolve) => child.once("spawn", resolve));
  const identity = identifyProcess(child.pid ?? 0) as ProcessIdentity;
  other = identity;
  const rest = { port: 3284, configuration: "c", isReady: true };
  writeServerRecord(context.paths.running, { ...identity, ...rest, ...change });
  return identity;
}

async function stopAndRead(): Promise<string> {
  const log = context.openLog(context.paths.stopLog, { rotate: true });
  await stop(context, log);
  log.close();
  return readFileSync(context.paths.stopLog, "utf8");
}

test("our AgentAPI is ended, and the log says how", async () => {
  const server = await recordProcess(["/opt/agentapi", "server", "--"]);
  expect(await stopAndRead()).toMatch(
    new RegExp(`INFO {2}Ending AgentAPI \\(pid ${server.pid}\\).*\\n.*ended after \\d+\\.\\d s\\.`),
  );
  expect(isRunning(server)).toBe(false);
  expect(existsSync(context.paths.running)).toBe(false);
});

test("nothing to stop is no failure, and says so", async () => {
  expect(await stopAndRead()).toMatch(/INFO {2}AgentAPI does not run/);
});

test("a process that only has AgentAPI's old pid is left alone; the stale record goes", async () => {
  const foreign = await recordProcess(["/opt/agentapi", "server", "--"], { startedAt: "another time" });
  await stopAndRead();
  expect(isRunning(foreign)).toBe(true);
  expect(existsSync(context.paths.running)).toBe(false);
});
