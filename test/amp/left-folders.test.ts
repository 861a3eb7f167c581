import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { removeLeftFolders } from "../../src/amp/left-folders.ts";
import { ownerOf, PrivateFolder } from "../../src/amp/private-files.ts";
import { commandLineOf, identifyProcess } from "../../src/base/process-identity.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "left-"));
  vi.stubEnv("TMPDIR", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** What a killed run leaves: its name holds the identity of a process that is gone. */
function leave(owner = `${spawnSync("true").pid}-0123456789ab`): string {
  const path = join(folder, `amp-${owner}-AbCdEf`);
  mkdirSync(path, { mode: 0o700 });
  writeFileSync(join(path, "settings.json"), '{"secret":"x"}');
  return path;
}

async function leaveReader(program: string): Promise<number> {
  const { pid = 0 } = spawn("sh", ["-c", `${program}; while :; do sleep 0.1; done`], { detached: true });
  await expect.poll(() => identifyProcess(pid)).toBeDefined();
  writeFileSync(join(leave(), "reader.json"), JSON.stringify(identifyProcess(pid)));
  return pid;
}

test("a dead owner's folder goes, also where its pid is another process's by now; a live one's stays", async () => {
  const [dead, reused] = [leave(), leave(`${process.pid}-0123456789ab`)];
  const own = new PrivateFolder();
  const file = own.write("settings.json", "{}");
  expect(await removeLeftFolders()).toEqual([]);
  expect([dead, reused].map((path) => existsSync(path))).toEqual([false, false]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  own.remove();
  expect(readdirSync(folder)).toEqual([]);
});

test("nothing else in the folder is touched", async () => {
  const names = [
    "amp-cli",
    "amp-1-AbCdEf",
    `amp-${ownerOf(process.pid)}-AbCdEf`,
    "amp-1-0123456789ab-AbCdEf.txt",
  ];
  for (const name of names) mkdirSync(join(folder, name));
  writeFileSync(join(folder, `amp-${spawnSync("true").pid}-0123456789ab-AbCdEf`), "a file");
  await removeLeftFolders();
  expect(readdirSync(folder)).toHaveLength(names.length + 1);
});

test("an Amp that still reads the files is ended before they go, and that is told", async () => {
  const pid = await leaveReader("true");
  expect(await removeLeftFolders()).toEqual([expect.stringMatching(`pid ${pid}.*it was ended`)]);
  expect(identifyProcess(pid)).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});

test("so is one whose run was killed before it could note it", async () => {
  const file = join(leave(), "settings.json");
  const { pid = 0 } = spawn("sh", ["-c", "while :; do sleep 0.1; done", "amp", "--settings-file", file], {
    detached: true,
  });
  await expect.poll(() => commandLineOf(pid)).toContain(file);
  expect(await removeLeftFolders()).toEqual([expect.stringMatching(`pid ${pid}.*it was ended`)]);
  expect(identifyProcess(pid)).toBeUndefined();
});

test("one that ignores SIGTERM is killed, and that is told", async () => {
  const pid = await leaveReader("trap '' TERM");
  // Its shell has set that up by then.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await removeLeftFolders()).toEqual([
    expect.stringMatching(/did not end at two SIGTERMs and was killed/),
  ]);
  expect(identifyProcess(pid)).toBeUndefined();
});
