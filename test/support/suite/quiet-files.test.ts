import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { moduleRoot } from "../terraform.ts";
import { heavyFiles } from "./heavy-first.ts";
import { quietFiles } from "./quiet-files.ts";

test("files that compute share a process; one that starts programs has its own", () => {
  const files = quietFiles(moduleRoot);
  expect(files).toContain("test/amp/screen.test.ts");
  expect(files.filter((name) => !existsSync(join(moduleRoot, name)))).toEqual([]);
  expect(files.filter((name) => heavyFiles.some((heavy) => name === `test/${heavy}.test.ts`))).toEqual([]);
});
