import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ModuleError } from "../../base/errors.ts";
import type { Paths } from "../../paths.ts";
import type { Paint } from "../style.ts";
import type { LogEntry } from "./entry.ts";
import { LOG_NAMES, type LogName, logFile } from "./files.ts";
import { FollowedLog } from "./follow.ts";
import { logLine } from "./line.ts";
import { readLogTail } from "./tail.ts";

const LOOK_EVERY_MS = 200;

export interface ShowOptions {
  paths: Paths;
  env: NodeJS.ProcessEnv;
  /** One log, or undefined for all of the module's, by time. */
  name: LogName | undefined;
  /** So many of the last lines. */
  lines: number;
  previous: boolean;
  /** Whether the Amp of this workspace is a runner. */
  isRunner?: boolean;
  follow: boolean;
  paint: Paint;
  now: () => Date;
  redact: (text: string) => string;
  write: (line: string) => void;
  signal: AbortSignal;
}

/**
 * Shows the ends of logs, and with `follow` what comes, until the signal.
 *
 * @throws ModuleError if there is no such log
 */
export async function showLogs(options: ShowOptions): Promise<void> {
  const { paths, env, name, lines, previous, isRunner, follow, signal } = options;
  // Amp's own is long and for experts: only who asks for it gets it.
  const names = name ? [name] : LOG_NAMES.filter((one) => one !== "amp");
  const files = names.map((one) => ({ name: one, path: logFile(one, paths, env, previous, isRunner) }));
  if (!follow && !files.some(({ path }) => existsSync(path))) throw noLog(name, previous, files);
  const show = printer(options, names);
  const followed = follow ? files.map((file) => ({ ...file, log: new FollowedLog(file.path) })) : [];
  const ends = new Map(followed.map(({ path, log }) => [path, log.startsAt]));
  const endOf = (path: string) => {
    const end = ends.get(path);
    return end === undefined ? {} : { end };
  };
  const entriesOf = (path: string) => readLogTail(path, lines, endOf(path));
  show(
    files.flatMap((file) => entriesOf(file.path).map((entry) => ({ name: file.name, entry }))),
    lines,
  );
  while (follow && !signal.aborted) {
    show(followed.flatMap(({ log, name: from }) => log.next().map((entry) => ({ name: from, entry }))));
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
  for (const { log } of followed) log.close();
}

interface Found {
  name: LogName;
  entry: LogEntry;
}

function printer({ paint, now, redact, write }: ShowOptions, names: readonly LogName[]) {
  const width = Math.max(...names.map((name) => name.length));
  return (found: Found[], last = found.length) => {
    // Stable: lines of one log keep their order, and so do those of the same moment.
    const sorted = found.sort((a, b) => a.entry.time.localeCompare(b.entry.time));
    for (const { name, entry } of last === 0 ? [] : sorted.slice(-last)) {
      const text = redact(entry.text);
      write(logLine({ ...entry, text }, names.length > 1 ? name.padEnd(width) : "", now(), paint));
    }
  };
}

function noLog(
  name: LogName | undefined,
  previous: boolean,
  files: readonly { path: string }[],
): ModuleError {
  const [first] = files;
  if (name === undefined || !first) {
    return new ModuleError("There are no logs yet: the module has not run here.", "Run `amp-module start`.");
  }
  const fixes: Partial<Record<LogName, string>> = {
    pre: "Set pre_install_script to have one.",
    post: "Set post_install_script to have one.",
    stop: "It is written when the workspace stops.",
    amp: "Amp writes it when it runs.",
  };
  const fix = previous ? "Leave out --previous." : (fixes[name] ?? "Run `amp-module start`.");
  return new ModuleError(`There is no ${first.path}.`, fix);
}
