import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const LONGEST = 64 * 1024;

/** How one of our own lines begins; they hold paths and numbers that look like causes. */
const OWN_LINE = /^\S+Z (DEBUG|INFO |WARN |ERROR) .*\n/gm;

/** What AgentAPI and the agent wrote to the log since it had `from` bytes: at most the last 64 KiB, without our own lines. */
export function readEvidence(path: string, from: number): string {
  return readTail(path, from).replace(OWN_LINE, "");
}

/** Follows what AgentAPI and the agent write to a log, from a place in it on. Each look reads only what is new. */
export class LogFollower {
  readonly #path: string;
  #from: number;
  #rest = Buffer.alloc(0);

  constructor(path: string, from: number) {
    this.#path = path;
    this.#from = from;
  }

  /** The lines since the last look, without our own; half a line waits for its other half. */
  news(): string {
    const file = openSync(this.#path, "r");
    try {
      const { size } = fstatSync(file);
      // Somebody has cut the log: what stood there is gone.
      this.#from = Math.min(this.#from, size);
      const bytes = Buffer.alloc(size - this.#from);
      this.#from += readSync(file, bytes, 0, bytes.length, this.#from);
      const text = Buffer.concat([this.#rest, bytes]);
      const end = text.lastIndexOf("\n") + 1;
      // The end of a line that is longer than any of interest is enough.
      this.#rest = text.subarray(end).subarray(-LONGEST);
      return text.toString("utf8", 0, end).replace(OWN_LINE, "");
    } finally {
      closeSync(file);
    }
  }
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
