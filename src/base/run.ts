import type { Readable } from "node:stream";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { type StartedChild, signalGroup, startChild } from "./child.ts";
import { eachLine } from "./lines.ts";
import type { Redact } from "./redact.ts";

/** How much of a program's output is kept for errors, in characters. */
const TAIL = 4000;
/** How long output may still arrive once the program has ended: a daemon that it left behind can hold the pipe. */
const LAST_OUTPUT_MS = 500;

export interface RunOptions {
  env: NodeJS.ProcessEnv;
  cwd?: string;
  timeoutMs: number;
  /** Masks each line before anything is cut off it: half of a secret would not be known for one. */
  redact?: Redact;
  /** Called with each line of stdout and stderr, in order of arrival. */
  onLine?: (line: string, from: "stdout" | "stderr") => void;
  /** Says for a line why the program need not continue; it is ended then. */
  endAt?: (line: string) => string | undefined;
}

/** How a program ended. `output` is the last part of stdout and stderr together. */
export interface RunResult {
  exitCode: number;
  output: string;
  /** Set if it could not be started, was ended by a signal, or took longer than `timeoutMs`, and by `endAt`. */
  failure?: string;
}

/**
 * The one place that runs a program and waits for it. On a timeout its whole process group is ended. What it leaves
 * running in the background is not waited for.
 */
export async function run(file: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  let output = "";
  let ended: string | undefined;
  let started: StartedChild;
  const onLine = (line: string, from: "stdout" | "stderr") => {
    output = `${output}${line}\n`.slice(-TAIL);
    options.onLine?.(line, from);
    const reason = ended === undefined ? options.endAt?.(line) : undefined;
    if (reason !== undefined) end(reason);
  };
  const end = (reason: string) => {
    ended = reason;
    signalGroup(started.child, "SIGKILL");
  };
  try {
    const { env, cwd } = options;
    started = startChild(file, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    return couldNotStart(error);
  }
  const { stdout, stderr } = started.child;
  const readLines = (stream: Readable | null, from: "stdout" | "stderr") =>
    stream ? eachLine(stream, (line) => onLine(line, from), options.redact) : Promise.resolve();
  const timer = setTimeout(() => end(`it took longer than ${options.timeoutMs / 1000} s`), options.timeoutMs);
  const closed = Promise.all([readLines(stdout, "stdout"), readLines(stderr, "stderr")]);
  try {
    await started.isStarted;
    const { code, signal } = await started.exited;
    // A process that was kept from the processor sees its timers first: what stands in the pipe by then is read before.
    await Promise.race([closed, sleep(LAST_OUTPUT_MS, undefined, { ref: false }).then(() => setImmediate())]);
    const failure = ended ?? (signal ? `it was ended by ${signal}` : undefined);
    return { exitCode: code ?? 1, output, ...(failure === undefined ? {} : { failure }) };
  } catch (error) {
    return couldNotStart(error);
  } finally {
    clearTimeout(timer);
    stdout?.destroy();
    stderr?.destroy();
  }
}

function couldNotStart(error: unknown): RunResult {
  return { exitCode: 1, output: "", failure: error instanceof Error ? error.message : String(error) };
}
