import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { identifyProcess } from "../../src/base/process-identity.ts";
import { defaultVersion } from "../support/default-release.ts";
import { createHome, type Home, leftovers } from "./home.ts";
import { tinyAgentapi, tinyAmp, wanted } from "./programs.ts";

const decade = 10 * 365 * 24 * 3600;
let home: Home | undefined;
afterEach(() => home?.dispose());

/** A home where another process holds the lock, or held it when it was killed; the lock's times are ten years off. */
async function withLockOf(
  state: "dead" | "live",
  offset: number,
): Promise<{ at: Home; lock: string; end: () => void }> {
  const at = await createHome({ path: { agentapi: tinyAgentapi(defaultVersion), amp: tinyAmp(wanted) } });
  home = at;
  const holder = spawn("sleep", ["60"]);
  const identity = JSON.stringify(identifyProcess(holder.pid ?? 0));
  if (state === "dead") {
    holder.kill("SIGKILL");
    await once(holder, "exit");
  }
  const lock = join(at.moduleDir, "state/lock");
  await writeFile(lock, identity);
  const time = Date.now() / 1000 + offset;
  await utimes(lock, time, time);
  return { at, lock, end: () => void holder.kill("SIGKILL") };
}

test.each([-decade, 0, decade])("a dead holder's lock, %i s old, is taken over at once", async (offset) => {
  const { at } = await withLockOf("dead", offset);
  const result = await at.cli("install");
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  expect(result.stdout).not.toContain("Waiting for another run");
  expect(await leftovers(at)).toEqual([]);
});

test.each([-decade, decade])("a live holder's lock, %i s old, is waited for", async (offset) => {
  const { at, lock, end } = await withLockOf("live", offset);
  const running = at.cli("install", {
    onOutput: (text) => {
      if (text.includes("Waiting for another run")) setTimeout(end, 300);
    },
  });
  const held = await readFile(lock, "utf8");
  const result = await running;
  expect(held).toContain("startedAt");
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  expect(result.stdout).toContain("Waiting for another run");
  expect(result.durationMs).toBeGreaterThan(300);
});
