import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { findLeftAgents, findLeftBehind, findLeftServers } from "../../src/server/left-behind.ts";
import { endProcesses, findProcesses } from "../support/processes.ts";

/** A module directory that exists for one test only, so that it names its processes. */
let moduleDir = mkdtempSync(join(tmpdir(), "amp-module-left-"));
afterEach(async () => {
  await endProcesses("AMP_MODULE_INSTANCE", moduleDir, 0);
  rmSync(moduleDir, { recursive: true, force: true });
  moduleDir = mkdtempSync(join(tmpdir(), "amp-module-left-"));
});

/** Runs a shell command of this instance and waits until there are so many processes of it. */
async function run(command: string, count: number, instance = moduleDir): Promise<void> {
  const child = spawn("/bin/sh", ["-c", command], {
    env: { PATH: process.env["PATH"], AMP_MODULE_INSTANCE: instance },
    stdio: "ignore",
    detached: true,
  });
  child.unref();
  await expect.poll(async () => (await named("sleep")).length).toBe(count);
}

const named = async (name: string) =>
  (await findProcesses("AMP_MODULE_INSTANCE", moduleDir)).filter(({ cmdline }) => cmdline.startsWith(name));

const pids = (found: readonly { pid: number }[]) => found.map(({ pid }) => pid).sort();

test("what was put into the background is found, whoever its parent is by now", async () => {
  await run("(setsid sleep 60 &) ; (sleep 61 &) ; exit", 2);
  expect(pids(findLeftBehind(moduleDir))).toEqual(pids(await named("sleep")));
});

test("another instance's processes are not ours, though its folder begins with our folder's name", async () => {
  await run("exec sleep 60", 0, `${moduleDir}-two`);
  await expect.poll(() => findLeftBehind(`${moduleDir}-two`).length).toBe(1);
  expect(findLeftBehind(moduleDir)).toEqual([]);
  await endProcesses("AMP_MODULE_INSTANCE", `${moduleDir}-two`, 0);
});

test("an agent is who leads a terminal session that nobody of ours has opened; its background work is none", async () => {
  // script(1) stands for AgentAPI: it opens the terminal and is killed.
  await run("script -qc 'exec sleep 60' /dev/null", 1);
  const [agent] = await named("sleep");
  expect(findLeftServers(moduleDir)).toEqual([]);
  const [script] = await named("script");
  await run("setsid sleep 61 </dev/null", 2);
  process.kill(script?.pid ?? 0, "SIGKILL");
  await expect.poll(async () => (await named("script")).length).toBe(0);
  // The hangup ends sleep, as it does most agents.
  await expect.poll(async () => (await named("sleep 60")).length).toBe(0);
  expect(findLeftServers(moduleDir)).toEqual([]);

  await run("trap '' HUP; exec script -qc 'exec sleep 60' /dev/null", 2);
  const [survivor] = await named("sleep 60");
  expect(survivor?.pid).not.toBe(agent?.pid);
  process.kill((await named("script"))[0]?.pid ?? 0, "SIGKILL");
  await expect.poll(() => pids(findLeftServers(moduleDir))).toEqual([survivor?.pid]);
});

test("a runner whose supervisor is gone is a left agent; one below it is not", async () => {
  // sh -c takes the flag as a name of its own.
  const runner = 'sh -c "sleep 60; :" --no-tui';
  await run(`(${runner} &) ; exit`, 1);
  const [left] = (await named("sh")).filter(({ cmdline }) => cmdline.endsWith(" --no-tui"));
  await expect.poll(() => pids(findLeftAgents(moduleDir))).toEqual([left?.pid]);
  await run(`${runner}; :`, 2);
  expect(pids(findLeftAgents(moduleDir))).toEqual([left?.pid]);
  expect(findLeftServers(moduleDir)).toHaveLength(2);
});
