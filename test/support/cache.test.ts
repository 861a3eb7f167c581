import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { buildOnce, cacheFolder, exists } from "./cache.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "amp-module-cache-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test("builds once for all that ask at the same time", async () => {
  const build = vi.fn(async (part: string) => {
    await sleep(100);
    await writeFile(join(part, "file"), "whole");
  });
  const paths = await Promise.all([1, 2, 3].map(() => buildOnce("tool", build)));
  expect(build).toHaveBeenCalledTimes(1);
  expect(await readFile(join(paths[2] ?? "", "file"), "utf8")).toBe("whole");
});

test("a failed build leaves nothing, and the next one is tried", async () => {
  await expect(buildOnce("tool", () => Promise.reject(new Error("no network")))).rejects.toThrow(
    "no network",
  );
  expect(await exists(join(cacheFolder(), "tool"))).toBe(false);
  await buildOnce("tool", async () => {});
  expect(await exists(join(cacheFolder(), "tool"))).toBe(true);
});

test("the lock of a process that is gone does not hold", async () => {
  await mkdir(join(cacheFolder(), "locks/tool"), { recursive: true });
  await writeFile(join(cacheFolder(), "locks/tool/holder"), `${process.pid} 1`);
  await buildOnce("tool", async () => {});
  expect(await exists(join(cacheFolder(), "tool"))).toBe(true);
});
