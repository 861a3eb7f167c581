import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const LONGEST = 64 * 1024;

/** How one of our own lines begins; they hold paths and numbers that look like causes. */
const OWN_LINE = /^\S+Z (DEBUG|INFO |WARN |ERROR) .*\n/gm;

/** What AgentAPI and the agent wrote to the log since it had `from` bytes: at most the last 64 KiB, without our own lines. */
export function readEvidence(path: string, from: number): string {
  return readTail(path, from).replace(OWN_LINE, "");
}

/** What the last AgentAPI and its agent wrote: each run stands between lines of our own. */
export function lastRunIn(log: string): string {
  const runs = log.replace(OWN_LINE, "\0").split("\0");
  return runs.findLast((run) => run.trim() !== "") ?? "";
}

/** The end of a log that had `from` bytes before: at most the last 64 KiB. */
export function readTail(path: string, from = 0): string {
  const file = openSync(path, "r");
  try {
    const size = Math.max(0, fstatSync(file).size - from);
    const length = Math.min(size, LONGEST);
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, from + size - length);
    return bytes.toString("utf8");
  } finally {
    closeSync(file);
  }
}
