import { basename } from "node:path";
import type { Paths } from "../paths.ts";
import { readLogTail } from "./logs/tail.ts";

/** The newest error of the logs of the last install, start and stop. */
export interface LoggedError {
  /** ISO time. */
  time: string;
  /** Name of the log's file. */
  log: string;
  text: string;
  fix: string | null;
}

/** AgentAPI may have written a lot since. */
const MAX_BYTES = 512 * 1024;
/** An error has a line or two, and a fix. */
const ENTRIES = 40;
const ERROR = /^\S+ ERROR /;
const FIX = "To fix it: ";

export function lastError({ installLog, startLog, stopLog }: Paths): LoggedError | null {
  const errors = [installLog, startLog, stopLog].flatMap((path) => newestError(path) ?? []);
  return errors.sort((a, b) => a.time.localeCompare(b.time)).at(-1) ?? null;
}

function newestError(path: string): LoggedError | undefined {
  const lines = readLogTail(path, ENTRIES, { keep: (one) => ERROR.test(one), maxBytes: MAX_BYTES });
  const at = lines.findLastIndex(({ text }) => !text.startsWith(FIX));
  const line = lines[at];
  if (line === undefined) return undefined;
  const next = lines[at + 1]?.text;
  return {
    time: line.time,
    log: basename(path),
    text: line.text,
    fix: next?.startsWith(FIX) ? next.slice(FIX.length) : null,
  };
}
