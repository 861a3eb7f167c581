import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { errorCode } from "./errors.ts";

const TEMPORARY = /^\.amp-module-(\d+)-[0-9a-f]{12}\.tmp$/;

/**
 * Replaces a file whole or not at all: temporary file in the same folder, every byte checked, fsync, rename.
 * A symbolic link keeps pointing where it pointed; its target is replaced. An existing file keeps its mode.
 *
 * @param mode permission bits of a new file
 * @throws the system's error (`ENOSPC`, `EACCES`, `EROFS`, …), or `EINVAL` if a device or a folder is in the way; the
 *   old file is then unchanged
 */
export function writeFileAtomic(path: string, content: string | Uint8Array, mode = 0o600): void {
  const target = followLinks(path);
  refuseSpecial(target);
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  const temporary = temporaryBeside(target);
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  try {
    const file = openSync(temporary, "wx", mode);
    try {
      fchmodSync(file, existingMode(target) ?? mode);
      writeAll(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw withPath(error, path);
  }
  syncFolder(dirname(target));
}

/** The name of a temporary file beside `target`; it carries our pid, so that a later run can tell it is stale. */
export function temporaryBeside(target: string): string {
  return join(dirname(target), `.amp-module-${process.pid}-${randomBytes(6).toString("hex")}.tmp`);
}

/** Removes what killed runs left in `folder`; a temporary file of a live process stays. */
export function removeStaleTemporaries(folder: string, isAlive: (pid: number) => boolean): void {
  for (const name of listFolder(folder)) {
    const pid = Number(name.match(TEMPORARY)?.[1] ?? 0);
    if (pid > 0 && pid !== process.pid && !isAlive(pid)) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

/**
 * Moves a file that cannot be read out of the way, with the time in its name. A link stays where it is: what it points to
 * moves.
 *
 * @returns where it is kept
 */
export function keepAside(path: string, now: Date): string {
  const file = realpathSync(path);
  const aside = `${file}.unreadable-${now.toISOString().replace(/[:.]/g, "-")}`;
  renameSync(file, aside);
  return aside;
}

/** The text of a file, or undefined if there is none. */
export function readTextIfExists(path: string): string | undefined {
  return readIfExists(path)?.toString("utf8");
}

/**
 * The bytes of a file, or undefined if there is none.
 *
 * @throws the system's error; `EINVAL` for a named pipe, which would be waited for without end
 */
export function readIfExists(path: string): Buffer | undefined {
  try {
    if (statSync(path).isFIFO()) {
      throw Object.assign(new Error(`${path} is a named pipe (FIFO), not a regular file`), {
        code: "EINVAL",
      });
    }
    return readFileSync(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Makes a finished rename in `folder` survive a power cut, if the file system can. */
export function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // Some file systems refuse to sync a folder; the rename itself has happened.
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) offset += writeSync(file, bytes, offset);
  // A full disk can accept a write and keep less: what counts is the size on disk.
  const { size } = fstatSync(file);
  if (size !== bytes.length) {
    throw Object.assign(new Error(`only ${size} of ${bytes.length} bytes were stored`), { code: "ENOSPC" });
  }
}

function followLinks(path: string, depth = 0): string {
  if (depth > 20) throw Object.assign(new Error(`too many symbolic links: ${path}`), { code: "ELOOP" });
  let link: string;
  try {
    link = readlinkSync(path);
  } catch {
    return path;
  }
  // The kernel reads a relative link from the folder's real place, which matters as soon as it begins with `..`.
  return followLinks(resolve(realpathSync(dirname(path)), link), depth + 1);
}

/** A link to /dev/null is how some keep a program from writing a file: the device must not become one. */
function refuseSpecial(path: string): void {
  const present = statSync(path, { throwIfNoEntry: false });
  if (present && !present.isFile()) {
    throw Object.assign(new Error(`${path} is no regular file`), { code: "EINVAL" });
  }
}

/** What fails on an open file names no path: only "ENOSPC: no space left on device, write". */
function withPath(error: unknown, path: string): unknown {
  if (error instanceof Error && !error.message.includes("/")) error.message += ` '${path}'`;
  return error;
}

function existingMode(path: string): number | undefined {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  return mode === undefined ? undefined : mode & 0o7777;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
