import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { withLock } from "../../src/base/lock.ts";
import { identifyProcess } from "../../src/base/process-identity.ts";
import { makeFolder } from "./folder.ts";
import { buildProgram } from "./program.ts";

/** So many processes, all of them ready to go for the lock. */
async function workers(count: number, lock: string, folder: string, holdMs: number) {
  const log = join(folder, "log");
  const go = join(folder, "go");
  const bundle = join(folder, "worker.mjs");
  await buildProgram(new URL("lock-worker.ts", import.meta.url), bundle);
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, [bundle, lock, log, go, String(holdMs)], {
      stdio: ["ignore", "ignore", "inherit"],
    }),
  );
  onTestFinished(() => {
    for (const child of children) child.kill("SIGKILL");
  });
  await expect
    .poll(() => existsSync(`${log}.ready`) && statSync(`${log}.ready`).size, { timeout: 20_000 })
    .toBe(count);
  return {
    async run() {
      const ends = children.map((child) => once(child, "exit"));
      writeFileSync(go, "");
      await Promise.all(ends);
      return readFileSync(log, "utf8").trim().split("\n");
    },
  };
}

/** A process that has ended, by its identity. */
async function deadProcess() {
  const child: ChildProcess = spawn("sleep", ["60"]);
  const identity = identifyProcess(child.pid ?? 0);
  child.kill("SIGKILL");
  await once(child, "exit");
  if (!identity) throw new Error("the process had no identity");
  return identity;
}

describe("many processes", () => {
  test("20 at once: each gets it, one at a time", async () => {
    const folder = makeFolder();
    const lock = join(folder, "locks/lock");
    const lines = await (await workers(20, lock, folder, 5)).run();
    expect(lines).toHaveLength(20);
    expect(lines.filter((line) => !line.endsWith(" in"))).toEqual([]);
    expect(readdirSync(join(folder, "locks"))).toEqual([]);
  });

  test("a dead holder's lock is taken over by one waiter after the other, never by two", async () => {
    const folder = makeFolder();
    const lock = join(folder, "locks/lock");
    const { run } = await workers(12, lock, folder, 5);
    await withLock(lock, { timeoutMs: 20_000 }, async () => {});
    writeFileSync(lock, JSON.stringify(await deadProcess()));
    const lines = await run();
    expect(lines).toHaveLength(12);
    expect(lines.filter((line) => !line.endsWith(" in"))).toEqual([]);
    expect(readdirSync(join(folder, "locks"))).toEqual([]);
  });
});

describe("whose lock is dead", () => {
  const take = async (content: string) => {
    const lock = join(makeFolder(), "lock");
    writeFileSync(lock, content);
    return withLock(lock, { timeoutMs: 200 }, async () => JSON.parse(readFileSync(lock, "utf8")).pid);
  };

  test("one that names a live pid with another start time: the pid was used again", async () => {
    expect(await take(JSON.stringify({ pid: process.ppid, startedAt: "1@another-boot" }))).toBe(process.pid);
    expect(await take(JSON.stringify({ ...identifyProcess(process.pid), startedAt: "1" }))).toBe(process.pid);
  });

  test.each([
    "",
    "{",
    "null",
    "[]",
    '{"pid":1}',
    '{"pid":"x","startedAt":5}',
    '{"pid":-1,"startedAt":"../x"}',
  ])("one that no process wrote: %j", async (content) => expect(await take(content)).toBe(process.pid));

  test("a guard that a dead process left is no obstacle", async () => {
    const folder = makeFolder();
    const lock = join(folder, "lock");
    const [holder, guardian] = [await deadProcess(), await deadProcess()];
    writeFileSync(lock, JSON.stringify(holder));
    writeFileSync(`${lock}.${holder.pid}-${holder.startedAt.replace(/\W+/g, "-")}`, JSON.stringify(guardian));
    await withLock(lock, { timeoutMs: 20_000 }, async () => {});
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ["very old", 0],
    ["from the future", 4e9],
  ])("not one whose file is %s", async (_name, seconds) => {
    const lock = join(makeFolder(), "lock");
    await withLock(lock, { timeoutMs: 20_000 }, async () => {
      utimesSync(lock, seconds, seconds);
      await expect(withLock(lock, { timeoutMs: 150 }, async () => {})).rejects.toThrow(/still works/);
    });
  });
});

test("a file where the lock's folder should be is an error, not an endless wait", async () => {
  const folder = makeFolder();
  writeFileSync(join(folder, "state"), "");
  await expect(withLock(join(folder, "state/lock"), { timeoutMs: 300 }, async () => {})).rejects.toThrow(
    /EEXIST|ENOTDIR/,
  );
});

describe("waiting", () => {
  test("the error after the timeout names the holder and how to end it; onWait is told once", async () => {
    const lock = join(makeFolder(), "lock");
    const waits: number[] = [];
    await withLock(lock, { timeoutMs: 20_000 }, async () => {
      const second = withLock(
        lock,
        { timeoutMs: 300, onWait: ({ pid }) => waits.push(pid) },
        async () => "no",
      );
      await expect(second).rejects.toMatchObject({
        name: "ModuleError",
        message: expect.stringContaining(`pid ${process.pid}`),
        fix: expect.stringContaining(`kill ${process.pid}`),
      });
    });
    expect(waits).toEqual([process.pid]);
  });

  test("the lock is free again after a throw, and the error is passed on", async () => {
    const lock = join(makeFolder(), "lock");
    await expect(withLock(lock, { timeoutMs: 100 }, () => Promise.reject(new Error("mine")))).rejects.toThrow(
      "mine",
    );
    expect(existsSync(lock)).toBe(false);
    expect(await withLock(lock, { timeoutMs: 100 }, async () => "next")).toBe("next");
  });

  test("a waiter of this process goes on once the holder is done", async () => {
    const lock = join(makeFolder(), "lock");
    const order: string[] = [];
    const first = withLock(lock, { timeoutMs: 20_000 }, async () => {
      await sleep(120);
      order.push("first");
    });
    await withLock(lock, { timeoutMs: 20_000 }, async () => void order.push("second"));
    await first;
    expect(order).toEqual(["first", "second"]);
  });

  test("the lock says only who holds it, to its owner", async () => {
    const lock = join(makeFolder(), "lock");
    await withLock(lock, { timeoutMs: 100 }, async () => {
      expect(JSON.parse(readFileSync(lock, "utf8"))).toEqual(identifyProcess(process.pid));
      expect(statSync(lock).mode & 0o777).toBe(0o600);
    });
  });
});
