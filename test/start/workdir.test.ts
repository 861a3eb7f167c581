import { existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeWorkdir } from "../../src/start/plan.ts";
import { makeFolder } from "../base/folder.ts";

function attempt(path: string): { message: string; fix: string } | undefined {
  try {
    expect(makeWorkdir(path)).toBe(path);
    return undefined;
  } catch (error) {
    return error as { message: string; fix: string };
  }
}

test("a folder is created with its parents, one that is there stays, a link to one will do", () => {
  const folder = makeFolder();
  expect(attempt(join(folder, "a/b c/ünï"))).toBeUndefined();
  writeFileSync(join(folder, "a/b c/ünï/mine"), "");
  symlinkSync(join(folder, "a"), join(folder, "link"));
  for (const path of ["a/b c/ünï", "link", "link/b c"]) expect(attempt(join(folder, path))).toBeUndefined();
  expect(existsSync(join(folder, "a/b c/ünï/mine"))).toBe(true);
});

test.each([
  [
    "a file",
    (path: string) => writeFileSync(path, "mine"),
    "",
    /^The workdir \S+ is a file, not a folder\.$/,
  ],
  [
    "below a file",
    (path: string) => writeFileSync(path, "mine"),
    "/below",
    /^The workdir \S+ is below a file\.$/,
  ],
  [
    "a link that leads nowhere",
    (path: string) => symlinkSync("/no/such", path),
    "",
    /^The workdir \S+ is a link that leads nowhere\.$/,
  ],
])("%s: said in plain words, nothing is changed", (_, make, below, words) => {
  const path = join(makeFolder(), "workdir");
  make(path);
  const failed = attempt(`${path}${below}`);
  expect(failed?.message).toMatch(words);
  expect(failed?.message).toContain(path);
  expect(failed?.fix).toMatch(/Set workdir to a folder/);
  if (below === "" && existsSync(path)) expect(statSync(path).isFile()).toBe(true);
});

/** Root may do everything: for these the process is somebody else for a moment. */
function asNobody<T>(work: () => T): T {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
  }
}

test("a folder that cannot be entered, and one that cannot be created", () => {
  const folder = makeFolder();
  rmSync(folder, { recursive: true });
  mkdirSync(folder, { mode: 0o755 });
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "closed"), { mode: 0o600 });
  const closed = asNobody(() => attempt(join(folder, "closed")));
  expect(closed?.message).toMatch(/closed cannot be entered by the workspace's user\.$/);
  const refused = asNobody(() => attempt(join(folder, process.geteuid?.() === 0 ? "new" : "closed/new")));
  expect(refused?.message).toMatch(/could not be created: EACCES|cannot be entered/);
});
