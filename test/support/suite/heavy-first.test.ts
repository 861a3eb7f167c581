import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { heavyFiles, heavyFirst } from "./heavy-first.ts";

const folder = fileURLToPath(new URL("../..", import.meta.url));

test("every file that is to come first is there, once", () => {
  expect(heavyFiles.filter((name) => !existsSync(`${folder}${name}.test.ts`))).toEqual([]);
  expect(new Set(heavyFiles).size).toBe(heavyFiles.length);
});

test("the heavy ones come first in their order, the others keep theirs", () => {
  const [heaviest = "", next = ""] = heavyFiles;
  const files = ["base/log", next, "base/lock", heaviest].map((name) => `/x/test/${name}.test.ts`);
  const sorted = heavyFirst(files.map((moduleId) => ({ moduleId }))).map(({ moduleId }) => moduleId);
  expect(sorted).toEqual([files[3], files[1], files[0], files[2]]);
});
