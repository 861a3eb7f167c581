import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { TestSpecification, Vitest } from "vitest/node";
import HeavyFirst, { heavyFiles } from "./heavy-first.ts";

const folder = fileURLToPath(new URL("../..", import.meta.url));

test("every file that is to come first is there, once", () => {
  expect(heavyFiles.filter((name) => !existsSync(`${folder}${name}.test.ts`))).toEqual([]);
  expect(new Set(heavyFiles).size).toBe(heavyFiles.length);
});

test("the heavy ones come first in their order, and none is lost", async () => {
  const [heaviest = "", next = ""] = heavyFiles;
  const names = ["base/log", next, "base/lock", heaviest];
  const files = names.map((name) => ({ moduleId: `/x/test/${name}.test.ts`, project: {} }));
  const context = { config: { root: "/x" }, cache: { getFileTestResults() {}, getFileStats() {} } };
  const sorted = await new HeavyFirst(context as unknown as Vitest).sort(files as TestSpecification[]);
  const order = sorted.map(({ moduleId }) => moduleId.replace(/^\/x\/test\/|\.test\.ts$/g, ""));
  expect(order.slice(0, 2)).toEqual([heaviest, next]);
  expect(order.toSorted()).toEqual(names.toSorted());
});
