import type { Paths } from "../../paths.ts";
import { readTail } from "../../server/evidence.ts";

/** What the last start failed with. */
export interface Failure {
  /** ISO time. */
  at: string;
  log: string;
  cause: string;
  fix: string;
}

const OWN_LINE = /^(\S+Z) (DEBUG|INFO |WARN |ERROR) (.*)$/;
const FIX = /^To fix it: /;
/** Of a cause that goes over many lines, such as a program's output. */
const MOST_LINES = 4;

/** The failure that one of the logs ends with; the newer one if both do. */
export function lastFailure({ installLog, startLog }: Paths): Failure | undefined {
  const failures = [installLog, startLog].flatMap((log) => failureIn(log) ?? []);
  return failures.sort((a, b) => a.at.localeCompare(b.at)).at(-1);
}

/** A failed install or start is the last that its log tells of. */
function failureIn(log: string): Failure | undefined {
  const own = linesOf(log).flatMap((line) => {
    const [, at = "", level = "", text = ""] = line.match(OWN_LINE) ?? [];
    return at === "" ? [] : [{ at, level, text }];
  });
  const from = own.findLastIndex(({ level }) => level !== "ERROR") + 1;
  const block = own.slice(from);
  const first = block[0];
  if (!first) return undefined;
  const fixAt = block.findIndex(({ text }) => FIX.test(text));
  const told = block.slice(0, fixAt < 0 ? undefined : fixAt).map(({ text }) => text);
  return {
    at: first.at,
    log,
    cause: causeIn(told),
    fix: block[fixAt]?.text.replace(FIX, "") ?? `Read the end of ${log}.`,
  };
}

/** Without the screen or output that is shown with it, indented. */
function causeIn(lines: readonly string[]): string {
  return lines
    .filter((line) => !line.startsWith("  "))
    .slice(0, MOST_LINES)
    .join(" ")
    .replace(/ ?The (agent's last screen|last output):.*$/, "");
}

function linesOf(log: string): string[] {
  try {
    return readTail(log).split("\n");
  } catch {
    // There is none yet, or it is another user's.
    return [];
  }
}
