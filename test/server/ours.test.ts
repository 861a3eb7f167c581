import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identifyProcess, type ProcessIdentity } from "../../src/base/process-identity.ts";
import { whatRuns } from "../../src/server/ours.ts";
import { writeServerRecord } from "../../src/server/record.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";

let context: ExampleContext;
const children: ChildProcess[] = [];
beforeEach(() => {
  context = exampleContext();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(context.paths.home, { recursive: true, force: true });
});

/** A process that looks like AgentAPI and has our mark, or another instance's. */
async function server(instance = context.paths.moduleDir): Promise<ProcessIdentity> {
  const args = ["-e", "setInterval(() => {}, 1000)", "/opt/agentapi", "server", "--"];
  const child = spawn(process.execPath, args, { env: { AMP_MODULE_INSTANCE: instance }, stdio: "ignore" });
  children.push(child);
  await new Promise((resolve) => child.once("spawn", resolve));
  const identity = identifyProcess(child.pid ?? 0);
  if (!identity) throw new Error("the process is gone");
  return identity;
}

test("what is on record runs, what only has our mark is astray, another instance's is neither", async () => {
  expect(whatRuns(context.paths)).toEqual({ running: undefined, astray: [] });
  const lost = await server();
  await server(`${context.paths.moduleDir}-two`);
  expect(whatRuns(context.paths)).toEqual({ running: undefined, astray: [lost] });

  const recorded = await server();
  const record = { ...recorded, port: 3284, configuration: "c", isReady: true };
  writeServerRecord(context.paths.running, record);
  expect(whatRuns(context.paths)).toEqual({ running: record, astray: [lost] });
});
