import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  readTextIfExists,
  removeStaleTemporaries,
  temporaryBeside,
  writeFileAtomic,
} from "../../src/base/atomic-file.ts";
import { makeFolder } from "./folder.ts";
import { buildProgram } from "./program.ts";

const modeOf = (path: string) => statSync(path).mode & 0o7777;

describe("a file is written whole", () => {
  test("new, with its folders, private unless another mode is asked for", () => {
    const folder = makeFolder();
    writeFileAtomic(join(folder, "a/b/file"), "text é\n");
    writeFileAtomic(join(folder, "open"), new Uint8Array([0, 255, 10]), 0o755);

    expect(readFileSync(join(folder, "a/b/file"), "utf8")).toBe("text é\n");
    expect(modeOf(join(folder, "a/b/file"))).toBe(0o600);
    expect(modeOf(join(folder, "a/b"))).toBe(0o700);
    expect([...readFileSync(join(folder, "open"))]).toEqual([0, 255, 10]);
    expect(modeOf(join(folder, "open"))).toBe(0o755);
  });

  test.each([0o640, 0o444, 0o755])("over another one, keeping mode %o, by a new inode", (mode) => {
    const path = join(makeFolder(), "file");
    writeFileSync(path, "a much longer text than the new one");
    chmodSync(path, mode);
    const { ino } = statSync(path);
    writeFileAtomic(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(modeOf(path)).toBe(mode);
    expect(statSync(path).ino).not.toBe(ino);
    expect(readdirSync(join(path, ".."))).toEqual(["file"]);
  });

  test("a large one", () => {
    const path = join(makeFolder(), "file");
    const text = "0123456789".repeat(500_000);
    writeFileAtomic(path, text);
    expect(readFileSync(path, "utf8")).toBe(text);
  });
});

describe("links", () => {
  test("a chain keeps its links, relative and absolute ones; the last target is replaced", () => {
    const folder = makeFolder();
    mkdirSync(join(folder, "real"));
    writeFileSync(join(folder, "real/target"), "old");
    symlinkSync("real/target", join(folder, "two"));
    symlinkSync(join(folder, "two"), join(folder, "one"));
    writeFileAtomic(join(folder, "one"), "new");

    expect(readFileSync(join(folder, "real/target"), "utf8")).toBe("new");
    expect(readlinkSync(join(folder, "one"))).toBe(join(folder, "two"));
    expect(readlinkSync(join(folder, "two"))).toBe("real/target");
    expect(lstatSync(join(folder, "real/target")).isFile()).toBe(true);
  });

  test("a dangling one makes its target, with its folder", () => {
    const folder = makeFolder();
    symlinkSync("dotfiles/settings.json", join(folder, "link"));
    writeFileAtomic(join(folder, "link"), "new");
    expect(readFileSync(join(folder, "dotfiles/settings.json"), "utf8")).toBe("new");
    expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
  });

  test("a target with .. counts from the folder's real place", () => {
    const folder = makeFolder();
    mkdirSync(join(folder, "dotfiles/config"), { recursive: true });
    writeFileSync(join(folder, "dotfiles/shared.json"), "old");
    symlinkSync("../shared.json", join(folder, "dotfiles/config/settings.json"));
    symlinkSync("dotfiles/config", join(folder, "config"));
    writeFileAtomic(join(folder, "config/settings.json"), "new");
    expect(readFileSync(join(folder, "dotfiles/shared.json"), "utf8")).toBe("new");
    expect(existsSync(join(folder, "shared.json"))).toBe(false);
  });

  test("a circle is an error", () => {
    const folder = makeFolder();
    symlinkSync("b", join(folder, "a"));
    symlinkSync("a", join(folder, "b"));
    expect(() => writeFileAtomic(join(folder, "a"), "x")).toThrow(/ELOOP|symbolic links/);
    expect(readdirSync(folder).sort()).toEqual(["a", "b"]);
  });
});

describe("or not at all", () => {
  test("a folder or a device in the way stays what it is", () => {
    const folder = makeFolder();
    mkdirSync(join(folder, "folder"));
    const device = join(folder, "device");
    const made = spawnSync("mkfifo", [device]);
    expect(() => writeFileAtomic(join(folder, "folder"), "x")).toThrow(/no regular file/);
    if (made.status === 0) {
      symlinkSync(device, join(folder, "link"));
      expect(() => writeFileAtomic(join(folder, "link"), "x")).toThrow(/no regular file/);
      expect(statSync(device).isFIFO()).toBe(true);
    }
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("a file where a folder should be", () => {
    const folder = makeFolder();
    writeFileSync(join(folder, "file"), "old");
    expect(() => writeFileAtomic(join(folder, "file/inner"), "x")).toThrow(/ENOTDIR|EEXIST/);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("old");
  });

  test("on a full disk the old file stays, and nothing is left behind", (context) => {
    const folder = makeFolder();
    const disk = join(folder, "disk");
    mkdirSync(disk);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]);
    if (mounted.status !== 0) return context.skip("a file system can be mounted by root only");
    onTestFinished(() => void execFileSync("umount", ["-l", disk]));
    const path = join(disk, "file");
    writeFileAtomic(path, "old");
    // The page that is left takes a part of it.
    writeFileSync(join(disk, "filler"), Buffer.alloc(56 * 1024));

    expect(() => writeFileAtomic(path, Buffer.alloc(20_000, "x"))).toThrow(
      expect.objectContaining({ code: "ENOSPC" }),
    );
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(disk).sort()).toEqual(["file", "filler"]);
  });

  test("killed at any time, a reader sees the old text or the new one", async () => {
    const folder = makeFolder();
    const path = join(folder, "file");
    const program = join(makeFolder(), "writer.mjs");
    await buildProgram(new URL("atomic-writer.ts", import.meta.url), program);
    for (let round = 0; round < 5; round++) {
      rmSync(path, { force: true });
      const child = spawn(process.execPath, [program, path], { stdio: "ignore" });
      const ended = once(child, "exit");
      await expect.poll(() => existsSync(path), { timeout: 10_000, interval: 1 }).toBe(true);
      await sleep(10 + round * 7);
      child.kill("SIGKILL");
      await ended;
      const text = readFileSync(path, "utf8");
      expect(text).toHaveLength(300_000);
      expect(new Set(text).size).toBe(1);
    }
    removeStaleTemporaries(folder, () => false);
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

describe("temporary files", () => {
  test("stand in the target's folder, hidden, never twice the same name", () => {
    const names = Array.from({ length: 50 }, () => temporaryBeside("/x/y/file"));
    expect(new Set(names).size).toBe(50);
    for (const name of names)
      expect(name).toMatch(new RegExp(`^/x/y/\\.amp-module-${process.pid}-[0-9a-f]{12}\\.tmp$`));
  });

  test("only those of dead processes are removed", () => {
    const folder = makeFolder();
    const dead = ".amp-module-1111-0123456789ab.tmp";
    const keep = [
      ".amp-module-2222-0123456789ab.tmp",
      basename(temporaryBeside(folder)),
      "amp-module-1111-0123456789ab.tmp",
      ".amp-module-1111-0123456789ab.tmp.mine",
      ".amp-module-x-0123456789ab.tmp",
      "settings.json",
    ];
    for (const name of [dead, ...keep]) writeFileSync(join(folder, name), "");
    removeStaleTemporaries(folder, (pid) => pid === 2222);
    expect(readdirSync(folder).sort()).toEqual([...keep].sort());
    removeStaleTemporaries(join(folder, "not-there"), () => false);
  });
});

test("readTextIfExists: missing is undefined, unreadable is an error", () => {
  const folder = makeFolder();
  writeFileSync(join(folder, "file"), "x");
  expect(readTextIfExists(join(folder, "file"))).toBe("x");
  expect(readTextIfExists(join(folder, "no"))).toBeUndefined();
  expect(readTextIfExists(join(folder, "file/no"))).toBeUndefined();
  expect(() => readTextIfExists(folder)).toThrow(/EISDIR/);
});
