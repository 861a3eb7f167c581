import { setTimeout as sleep } from "node:timers/promises";
import { errorCode, fixOf, reasonOf } from "../../base/errors.ts";
import { harmless } from "../../base/harmless.ts";
import { MODULE_VERSION } from "../../base/module-version.ts";
import { type LoggedError, lastFailure } from "../last-error.ts";
import type { Check, Finding, Group, Subject } from "./check.ts";
import { CHECKS } from "./checks.ts";
import { OWNER } from "./owner.ts";

/** All run side by side, so this is how long the whole takes when something hangs. */
const LIMIT_MS = 4_200;

/** A finding with its check's name and group, safe to show. */
export interface Line extends Finding {
  name: string;
  group: Group;
}

export interface Report {
  isHealthy: boolean;
  moduleDir: string;
  module: string;
  at: string;
  /** What the last start failed with, unless a later one went well. */
  lastFailure: (LoggedError & { fix: string }) | undefined;
  lines: readonly Line[];
}

/** Looks at everything that the module set up. Nothing secret is in the report. */
export async function examine(given: Subject, checks: readonly Check[] = CHECKS): Promise<Report> {
  // Checks keep for each other what they have found out, for this one look.
  const subject = { ...given };
  const { paths, redact, now } = subject;
  const safe = (text: string) => redact(harmless(text));
  const owner = await findingsOf(OWNER, subject);
  // Of another user's module everything else would be told by this user's home and rights.
  const isForeign = owner.some(({ state }) => state === "wrong");
  const others = isForeign ? [] : await Promise.all(checks.map((check) => findingsOf(check, subject)));
  const lines = [...owner, ...others.flat()].map((line) => ({
    ...line,
    text: safe(line.text),
    ...(line.fix === undefined ? {} : { fix: safe(line.fix) }),
  }));
  const failure = lastFailure(paths);
  return {
    isHealthy: !failure && !lines.some(({ state }) => state === "wrong"),
    moduleDir: paths.moduleDir,
    module: MODULE_VERSION,
    at: now().toISOString(),
    lastFailure: failure && {
      ...failure,
      cause: safe(failure.cause),
      fix: safe(failure.fix ?? `Read the end of ${failure.log}.`),
    },
    lines,
  };
}

/** What cannot even be looked at, such as a folder in a file's place, is wrong. */
async function findingsOf(check: Check, subject: Subject): Promise<Line[]> {
  const { name, group } = check;
  const inTime = new AbortController();
  const late: Finding = {
    state: "note",
    text: `not known: no answer within ${LIMIT_MS / 1000} s`,
    fix: "Run it again when the machine is less busy.",
  };
  const timeout = sleep(LIMIT_MS, [late], { signal: inTime.signal }).catch((): Finding[] => []);
  try {
    const found = await Promise.race([(async () => [await check.look(subject)].flat())(), timeout]);
    return found.map((finding) => ({ name, group, ...finding }));
  } catch (error) {
    const code = errorCode(error);
    const hint =
      code === "ENOTDIR" || code === "EISDIR" ? "Remove what is in its place." : "Correct it or remove it.";
    return [{ name, group, state: "wrong", text: reasonOf(error), fix: fixOf(error) ?? hint }];
  } finally {
    inTime.abort();
  }
}
