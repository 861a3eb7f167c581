import type { Paths } from "../paths.ts";
import { isOwnLine } from "./logs/entry.ts";
import { readLogTail } from "./logs/tail.ts";

/** An error that one of the module's logs tells of. */
export interface LoggedError {
  /** ISO time. */
  at: string;
  /** The log's path. */
  log: string;
  cause: string;
  fix: string | null;
}

/** AgentAPI may have written a lot since. */
const MAX_BYTES = 512 * 1024;
const FIX = /^To fix it: /;
/** Of a cause that goes over many lines, such as a program's output. */
const MOST_LINES = 4;

/** The newest error of the last install, start and stop, also if things went on behind it. */
export function lastError({ installLog, startLog, stopLog }: Paths): LoggedError | undefined {
  return newest([installLog, startLog, stopLog].flatMap((log) => errorIn(log)?.error ?? []));
}

/** What the last install or start failed with: an error is the last that its log tells of. The newer one if both failed. */
export function lastFailure({ installLog, startLog }: Paths): LoggedError | undefined {
  return newest([installLog, startLog].map(errorIn).flatMap((found) => (found?.isEnd ? found.error : [])));
}

function newest(errors: LoggedError[]): LoggedError | undefined {
  return errors.sort((a, b) => a.at.localeCompare(b.at)).at(-1);
}

/** The last error of a log, whose lines stand together, and whether the log ends with it. */
function errorIn(log: string): { error: LoggedError; isEnd: boolean } | undefined {
  const own = readLogTail(log, Number.POSITIVE_INFINITY, { keep: isOwnLine, maxBytes: MAX_BYTES });
  const end = own.findLastIndex(({ level }) => level === "ERROR") + 1;
  const begin = own.findLastIndex(({ level }, index) => index < end && level !== "ERROR") + 1;
  const block = own.slice(begin, end);
  const [first] = block;
  if (!first) return undefined;
  const fixAt = block.findIndex(({ text }) => FIX.test(text));
  const told = block.slice(0, fixAt < 0 ? undefined : fixAt).map(({ text }) => text);
  const fix = block[fixAt]?.text.replace(FIX, "") ?? null;
  return { error: { at: first.time, log, cause: causeIn(told), fix }, isEnd: end === own.length };
}

/** Without the screen or output that is shown with it, indented. */
function causeIn(lines: readonly string[]): string {
  return lines
    .filter((line) => !line.startsWith("  "))
    .slice(0, MOST_LINES)
    .join(" ")
    .replace(/ ?The (agent's last screen|last output):.*$/, "");
}
