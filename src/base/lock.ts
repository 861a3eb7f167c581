import { linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readTextIfExists, temporaryBeside } from "./atomic-file.ts";
import { errorCode, ModuleError, reasonOf } from "./errors.ts";
import { identifyProcess, isRunning, type ProcessIdentity } from "./process-identity.ts";

const POLL_MS = 50;

export interface LockOptions {
  /** How long to wait for another live holder. */
  timeoutMs: number;
  /** Called once, when the lock is held by somebody else. */
  onWait?: (holder: ProcessIdentity) => void;
}

/** The disk or a folder's rights do not let a lock be written: nobody holds it. */
export class LockNotWritable extends ModuleError {
  constructor(path: string, cause: unknown) {
    super(
      `The lock ${path} could not be written: ${reasonOf(cause)}.`,
      "Check that the home volume is not full, not mounted read-only, and the user's own.",
      { cause },
    );
  }
}

/**
 * Runs `work` while holding the lock file `path`. A lock whose holder has died is taken over; that is judged by
 * the holder's identity alone, so neither the clock nor file times matter.
 *
 * @throws ModuleError if another process still holds it after `timeoutMs`; LockNotWritable
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await acquire(path, options);
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** The live process that holds the lock, or undefined. */
export function lockHolder(path: string): ProcessIdentity | undefined {
  const holder = readHolder(path);
  return holder && isRunning(holder) ? holder : undefined;
}

async function acquire(path: string, options: LockOptions): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  let waiting = false;
  while (!tryCreate(path)) {
    const holder = readHolder(path);
    // Released meanwhile: try again at once.
    if (!holder) continue;
    if (performance.now() > deadline) throw lockTimeout(holder, options.timeoutMs);
    if (isRunning(holder)) {
      if (!waiting) options.onWait?.(holder);
      waiting = true;
      await sleep(POLL_MS);
    } else {
      await removeDeadLock(path, holder, options);
    }
  }
}

/**
 * Only the holder of a second lock, named after the dead holder, may remove the dead lock. Without it two waiters
 * could both find it dead, and the slower one would remove the faster one's new lock.
 */
async function removeDeadLock(path: string, dead: ProcessIdentity, options: LockOptions): Promise<void> {
  const guard = `${path}.${dead.pid}-${dead.startedAt.replace(/\W+/g, "-")}`;
  await withLock(guard, { timeoutMs: options.timeoutMs }, async () => {
    const holder = readHolder(path);
    if (holder && holder.pid === dead.pid && holder.startedAt === dead.startedAt)
      rmSync(path, { force: true });
  });
}

/** A hard link appears whole or not at all, with its content: nobody ever reads a half-written lock. */
function tryCreate(path: string): boolean {
  const temporary = temporaryBeside(path);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, JSON.stringify(identifyProcess(process.pid)), { mode: 0o600, flag: "wx" });
    return linkUnlessThere(temporary, path);
  } catch (error) {
    throw new LockNotWritable(path, error);
  } finally {
    removeQuietly(temporary);
  }
}

function linkUnlessThere(existing: string, path: string): boolean {
  try {
    linkSync(existing, path);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** If the file could not be written there is nothing to remove, and a read-only disk refuses even that. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The next run removes what a killed one left.
  }
}

/** The holder, or undefined if the lock was released meanwhile. An unreadable lock belongs to nobody alive. */
function readHolder(path: string): ProcessIdentity | undefined {
  const text = readTextIfExists(path);
  if (text === undefined) return undefined;
  try {
    const holder: unknown = JSON.parse(text);
    if (typeof holder === "object" && holder !== null && "pid" in holder && "startedAt" in holder) {
      const { pid, startedAt } = holder;
      if (Number.isSafeInteger(pid) && typeof startedAt === "string") return { pid: Number(pid), startedAt };
    }
  } catch {
    // Falls through: no live process writes such a file.
  }
  return { pid: 0, startedAt: String(text.length) };
}

function lockTimeout(holder: ProcessIdentity, timeoutMs: number): ModuleError {
  return new ModuleError(
    `Another run of this module (pid ${holder.pid}) still works after ${Math.round(timeoutMs / 1000)} s.`,
    `Look at install.log to see what it waits for; if it hangs, end it with "kill ${holder.pid}" and start again.`,
  );
}
