import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { endLeftAgents } from "../../src/server/end-left-agents.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";
import { endProcesses, findProcesses } from "../support/processes.ts";

let context: ExampleContext;
beforeEach(() => {
  context = exampleContext();
});
afterEach(async () => {
  await endProcesses("AMP_MODULE_INSTANCE", context.paths.moduleDir, 0);
  rmSync(context.paths.home, { recursive: true, force: true });
});

async function pids(command: string): Promise<number[]> {
  const found = await findProcesses("AMP_MODULE_INSTANCE", context.paths.moduleDir);
  return found.filter(({ cmdline }) => cmdline.startsWith(command)).map(({ pid }) => pid);
}

/** An agent whose terminal is gone; script(1) stands for the AgentAPI that had opened it. */
async function leaveAgent(agent: string): Promise<void> {
  spawn("script", ["-qc", agent, "/dev/null"], {
    env: { PATH: process.env["PATH"], AMP_MODULE_INSTANCE: context.paths.moduleDir },
    stdio: "ignore",
  });
  await expect.poll(() => pids("sleep")).not.toEqual([]);
  for (const pid of await pids("script")) process.kill(pid, "SIGKILL");
  await expect.poll(() => pids("script")).toEqual([]);
}

test("an agent that has outlived its AgentAPI is ended and named; what it has put into the background lives on", async () => {
  await leaveAgent("trap '' HUP; setsid sleep 61 </dev/null & exec sleep 60");
  const [agent] = await pids("sleep 60");
  await endLeftAgents(context);
  expect(await pids("sleep 60")).toEqual([]);
  expect(await pids("sleep 61")).toHaveLength(1);
  expect(readFileSync(context.paths.startLog, "utf8")).toContain(`is ended (pid ${agent})`);
});

test("one that ignores SIGTERM is killed, and that is said", async () => {
  await leaveAgent("trap '' HUP TERM; exec sleep 60");
  await endLeftAgents(context);
  expect(await pids("sleep")).toEqual([]);
  expect(readFileSync(context.paths.startLog, "utf8")).toMatch(/does not end at SIGTERM and is killed/);
});

test("where nothing is left nothing is said", async () => {
  await endLeftAgents(context);
  expect(existsSync(context.paths.startLog)).toBe(false);
});
