import { closeSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode, fixOf, reasonOf } from "./errors.ts";
import { harmless } from "./harmless.ts";
import type { Redact } from "./redact.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

/** What stands before a line of the script's output that is no warning: done, or on its way. */
export type Mark = "✓" | "…";

/**
 * A log written for people: every line has an ISO time and a level, secrets are masked, and nothing in it
 * steers a terminal. A line that the disk does not take is lost without an error: what is being logged matters more, and
 * the echo still shows it.
 */
export interface Log {
  debug(text: string): void;
  info(text: string): void;
  /** An `info` line that is also told in the script's own output: a step that is done, or how far a long one is. */
  tell(text: string, mark?: Mark): void;
  warn(text: string): void;
  error(text: string): void;
  /** A `ModuleError`'s two lines, or the reason of anything else thrown. */
  failure(error: unknown): void;
  /** The open file, for a child's output. */
  readonly file: number;
  close(): void;
}

export interface LogOptions {
  path: string;
  level: Level;
  redact: Redact;
  now: () => Date;
  /** Where each line also goes, without its time; `mark` is there for one that is to be told. */
  echo?: (line: string, level: Level, mark?: Mark) => void;
  /** Begin a new file and keep the previous one as `<path>.1`; otherwise append. */
  rotate: boolean;
}

export function openLog(options: LogOptions): Log {
  const { path, redact } = options;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (options.rotate) keepPrevious(path);
  const file = openSync(path, "a", 0o600);

  function write(level: Level, text: string, mark?: Mark) {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(options.level)) return;
    for (const line of redact(harmless(text)).split("\n")) {
      options.echo?.(line, level, mark);
      try {
        writeSync(file, `${options.now().toISOString()} ${level.toUpperCase().padEnd(5)} ${line}\n`);
      } catch {
        // See above.
      }
    }
  }

  return {
    file,
    debug: (text) => write("debug", text),
    info: (text) => write("info", text),
    tell: (text, mark = "✓") => write("info", text, mark),
    warn: (text) => write("warn", text),
    error: (text) => write("error", text),
    failure: (error) => {
      write("error", reasonOf(error));
      const fix = fixOf(error);
      if (fix !== undefined) write("error", `To fix it: ${fix}`);
    },
    close: () => closeSync(file),
  };
}

/**
 * The script's own output, which the Coder dashboard shows with times of its own: what is told, warnings and errors. The
 * rest is in the logs.
 */
export function echoToTerminal(line: string, level: Level, mark?: Mark): void {
  if (level === "error") process.stderr.write(`error: ${line}\n`);
  else if (level === "warn") process.stdout.write(`warning: ${line}\n`);
  else if (mark !== undefined) process.stdout.write(`${mark} ${line.replace(TOO_LONG, "$1\n  ")}\n`);
}

/** As much of what is told as fits into 80 columns with its mark, and the blank behind it. */
const TOO_LONG = /(?=.{79})(.{1,78}) /g;

function keepPrevious(path: string): void {
  try {
    renameSync(path, `${path}.1`);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
