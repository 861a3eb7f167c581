import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lastProblems } from "../../src/operate/problems.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "amp-module-problems-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("warnings and errors of the module's own lines, the newest where there are many", () => {
  const path = join(folder, "x.log");
  const own = Array.from({ length: 30 }, (_, index) => `2026-09-23T10:00:00.000Z WARN  number ${index}`);
  const foreign = [
    "ERROR of the agent",
    "  2026 WARN  indented",
    "2026-09-23T10:00:00.000Z INFO  an ERROR inside",
  ];
  writeFileSync(path, [...own, ...foreign, ""].join("\n"));
  expect(lastProblems(path)).toEqual(own.slice(-12));
});
