import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { withUserFiles } from "../../src/install/user-files.ts";
import { modulePaths } from "../../src/paths.ts";
import { example } from "./module-home.ts";

test("one instance at a time works on what is the user's, whatever its module directory", async () => {
  const { context, log, home } = example();
  const other = { ...context, paths: modulePaths(join(home, ".amp-module-second"), home) };
  const file = join(home, "shared");
  writeFileSync(file, "");
  const add = (text: string) => async () => {
    const before = readFileSync(file, "utf8");
    await sleep(100);
    writeFileSync(file, before + text);
  };
  await Promise.all([withUserFiles(context, log, add("a")), withUserFiles(other, log, add("b"))]);
  expect([...readFileSync(file, "utf8")].sort()).toEqual(["a", "b"]);
  expect(existsSync(context.paths.userLock)).toBe(false);
});

test("a home that takes no lock is no failure of its own", async () => {
  const { context, log, home, lines } = example();
  writeFileSync(join(home, "file"), "");
  const paths = { ...context.paths, userLock: join(home, "file", "lock") };
  expect(await withUserFiles({ ...context, paths }, log, () => "done")).toBe("done");
  expect(lines.join("\n")).toMatch(
    /^debug: Other instances in this home are not kept out: The lock .* could not be/,
  );
});

test("what fails in it fails as it is, and gives the lock back", async () => {
  const { context, log } = example();
  const failing = withUserFiles(context, log, () => {
    throw new Error("mine");
  });
  await expect(failing).rejects.toThrow("mine");
  expect(existsSync(context.paths.userLock)).toBe(false);
});
