import { existsSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { oncePerRun, openRunFolder } from "./run-folder.ts";

beforeEach(() => {
  vi.stubEnv("AMP_TEST_RUN_FOLDER", undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test("in a run the work is done once for all that ask; a failure is tried again", async () => {
  const close = await openRunFolder();
  const folder = process.env["AMP_TEST_RUN_FOLDER"] ?? "";
  const work = vi.fn(async () => ({ path: "/x" }));
  const found = await Promise.all([oncePerRun("program", work), oncePerRun("program", work)]);
  expect(found).toEqual([{ path: "/x" }, { path: "/x" }]);
  expect(work).toHaveBeenCalledTimes(1);
  await expect(oncePerRun("other", () => Promise.reject(new Error("no network")))).rejects.toThrow(
    "no network",
  );
  expect(await oncePerRun("other", async () => "there")).toBe("there");
  // Who opens it again shares it, and does not close it.
  await (await openRunFolder())();
  expect(existsSync(folder)).toBe(true);
  await close();
  expect(existsSync(folder)).toBe(false);
});

test("outside of a run everybody works for himself", async () => {
  const work = vi.fn(async () => 1);
  await oncePerRun("program", work);
  await oncePerRun("program", work);
  expect(work).toHaveBeenCalledTimes(2);
});
