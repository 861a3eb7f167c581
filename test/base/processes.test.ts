import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { commandLineOf, identifyProcess, isRunning } from "../../src/base/process-identity.ts";
import { descendantsOf } from "../../src/base/process-tree.ts";
import { makeFolder } from "./folder.ts";

function start(file: string, args: string[]) {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "ignore"], detached: true });
  const pid = child.pid ?? 0;
  onTestFinished(() => {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  });
  return { child, pid };
}

test("one process keeps its identity, another one has another, a dead one has none", async () => {
  const { child, pid } = start("sleep", ["60"]);
  const identity = identifyProcess(pid);
  if (!identity) throw new Error("no identity");
  expect(identity.pid).toBe(pid);
  expect(identifyProcess(pid)).toEqual(identity);
  expect(isRunning(identity)).toBe(true);
  expect(isRunning({ ...identity, pid: process.pid })).toBe(false);
  expect(isRunning({ ...identity, startedAt: `${identity.startedAt}0` })).toBe(false);
  expect(commandLineOf(pid)).toBe("sleep 60");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(identifyProcess(pid)).toBeUndefined();
  expect(isRunning(identity)).toBe(false);
});

test.each([0, -1, 1.5, Number.NaN, 2 ** 40, Number.POSITIVE_INFINITY])("pid %d is nobody's", (pid) => {
  expect(identifyProcess(pid)).toBeUndefined();
  expect(isRunning({ pid, startedAt: "undefined" })).toBe(false);
  expect(commandLineOf(pid) ?? "").toBe("");
});

test.runIf(process.platform === "linux")("a command named like the fields behind it does not confuse", () => {
  const program = join(makeFolder(), "a) Z 1 (b");
  copyFileSync("/bin/sleep", program);
  const { pid } = start(program, ["60"]);
  expect(identifyProcess(pid)?.startedAt).toMatch(/^\d{3,}@/);
  expect(descendantsOf(process.pid)).toContain(pid);
});

test("a zombie counts as gone", async () => {
  // The middle process never waits for its child.
  const { child, pid } = start("sh", ["-c", "sh -c 'echo $$' & exec sleep 60"]);
  const [line] = await once(child.stdout, "data");
  const zombie = Number(String(line));
  expect(zombie).toBeGreaterThan(pid);
  await expect.poll(() => identifyProcess(zombie)).toBeUndefined();
  expect(descendantsOf(pid)).toContain(zombie);
});

test("descendants come parents first, over any number of generations, without the process itself", async () => {
  const { child, pid } = start("sh", ["-c", "sh -c 'sleep 60 & sleep 60 & echo $$; wait' & wait"]);
  const [line] = await once(child.stdout, "data");
  const middle = Number(String(line));
  await expect.poll(() => descendantsOf(pid).length).toBe(3);
  const [first, ...rest] = descendantsOf(pid);
  expect(first).toBe(middle);
  expect(descendantsOf(middle)).toEqual(rest);
  expect(rest).toHaveLength(2);
  expect(descendantsOf(rest[0] ?? 0)).toEqual([]);
});
