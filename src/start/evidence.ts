import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const LONGEST = 64 * 1024;

/**
 * What AgentAPI and the agent wrote to the log since it had `from` bytes: at most the last 64 KiB, without our own lines,
 * which hold paths and numbers that look like causes.
 */
export function readEvidence(path: string, from: number): string {
  const file = openSync(path, "r");
  try {
    const size = Math.max(0, fstatSync(file).size - from);
    const length = Math.min(size, LONGEST);
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, from + size - length);
    return bytes.toString("utf8").replace(/^\S+Z (DEBUG|INFO |WARN |ERROR) .*\n/gm, "");
  } finally {
    closeSync(file);
  }
}
