import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { isNoise, type LogEntry, LogReader } from "./entry.ts";

/** So much is read at once, from the end: the cost must not grow with the log. */
const BLOCK = 64 * 1024;

export interface TailOptions {
  /** Where the file counts as ended, if not at its end. */
  end?: number;
  /** Which lines count. */
  keep?: (line: string) => boolean;
  /** No more than this is looked through. */
  maxBytes?: number;
}

/** The last entries of a log, oldest first, without what is noise; none if there is no such file. */
export function readLogTail(path: string, entries: number, options: TailOptions = {}): LogEntry[] {
  const reader = new LogReader();
  return lastLines(path, entries, options).map((line) => reader.read(line));
}

function lastLines(path: string, count: number, options: TailOptions): string[] {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return [];
  }
  try {
    return readBack(file, count, options);
  } finally {
    closeSync(file);
  }
}

function readBack(file: number, count: number, { end, keep, maxBytes }: TailOptions): string[] {
  const isWanted = (line: string) => line !== "" && !isNoise(line) && (keep?.(line) ?? true);
  let from = Math.min(fstatSync(file).size, end ?? Number.POSITIVE_INFINITY);
  const least = Math.max(0, from - (maxBytes ?? Number.POSITIVE_INFINITY));
  const found: string[] = [];
  // The beginning of the earliest line read so far may be in the block before.
  let first = Buffer.alloc(0);
  while (from > least && found.length < count) {
    const block = Buffer.alloc(Math.min(BLOCK, from - least));
    from -= block.length;
    readSync(file, block, 0, block.length, from);
    const whole = Buffer.concat([block, first]);
    const cut = from > 0 ? whole.indexOf(10) + 1 : 0;
    const isMiddleOfLine = from > 0 && cut === 0;
    first = isMiddleOfLine ? whole : whole.subarray(0, cut);
    const lines = isMiddleOfLine ? [] : whole.subarray(cut).toString().split("\n");
    found.unshift(...lines.filter(isWanted));
  }
  return count === 0 ? [] : found.slice(-count);
}
