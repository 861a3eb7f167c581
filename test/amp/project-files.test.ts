import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { projectFiles, projectFolders } from "../../src/amp/project-files.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "amp-module-project-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(...names: string[]): void {
  for (const name of names) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "");
  }
}

test("outside of a repository only the folder itself counts, within one all up to its top", () => {
  write("a/.amp/settings.json", "a/b/x");
  expect(projectFolders(join(root, "a/b"))).toEqual([join(root, "a/b")]);
  expect(projectFiles(join(root, "a/b"))).toEqual([]);
  write("a/.git/HEAD");
  expect(projectFolders(join(root, "a/b"))).toEqual([join(root, "a/b"), join(root, "a")]);
  expect(projectFiles(join(root, "a/b"))).toEqual([join(root, "a/.amp/settings.json")]);
});

test("both names of settings, and every file beside the plugins", () => {
  write(".amp/settings.json", ".amp/settings.jsonc", ".amp/other.md");
  write(".amp/plugins/one.ts", ".amp/plugins/lib/two.js", ".amp/plugins/data.json");
  expect(projectFiles(root).map((path) => path.slice(root.length + 6))).toEqual([
    "settings.json",
    "settings.jsonc",
    "plugins/data.json",
    "plugins/lib/two.js",
    "plugins/one.ts",
  ]);
});

test("links are followed, one that leads back does no harm, and one that leads nowhere is none", () => {
  write("elsewhere/evil.ts");
  mkdirSync(join(root, ".amp"));
  symlinkSync(join(root, "elsewhere"), join(root, ".amp/plugins"));
  symlinkSync(join(root, "elsewhere"), join(root, "elsewhere/again"));
  symlinkSync(join(root, "gone"), join(root, "elsewhere/gone.ts"));
  expect(projectFiles(root)).toEqual([join(root, ".amp/plugins/evil.ts")]);
});
