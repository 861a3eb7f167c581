import spawn, { SubprocessError } from "nano-spawn";

/** How much of a program's output is kept for errors, in characters. */
const TAIL = 4000;

export interface RunOptions {
  env: NodeJS.ProcessEnv;
  cwd?: string;
  timeoutMs: number;
  /** Called with each line of stdout and stderr, in order of arrival. */
  onLine?: (line: string) => void;
}

/** How a program ended. `output` is the last part of stdout and stderr together. */
export interface RunResult {
  exitCode: number;
  output: string;
  /** Set where it could not be started, was ended by a signal, or took longer than `timeoutMs`. */
  failure?: string;
}

/**
 * The one place that runs a program and waits for it. Arguments are passed as they are: no shell sees them. The
 * program gets a process group of its own, and on a timeout the whole group is ended.
 */
export async function run(file: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  let output = "";
  let timedOut = false;
  const subprocess = spawn(file, [...args], {
    stdin: "ignore",
    env: options.env,
    detached: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const lines = readLines(subprocess, (line) => {
    output = `${output}${line}\n`.slice(-TAIL);
    options.onLine?.(line);
  });
  const timer = setTimeout(() => {
    timedOut = true;
    void subprocess.nodeChildProcess.then(
      (child) => endGroup(child.pid),
      () => {},
    );
  }, options.timeoutMs);
  try {
    await lines;
    return { exitCode: 0, output };
  } catch (error) {
    if (!(error instanceof SubprocessError)) throw error;
    const failure = timedOut
      ? `it took longer than ${options.timeoutMs / 1000} s`
      : error.signalName
        ? `it was ended by ${error.signalName}`
        : error.exitCode === undefined
          ? error.cause instanceof Error
            ? error.cause.message
            : error.message
          : undefined;
    return { exitCode: error.exitCode ?? 1, output, ...(failure === undefined ? {} : { failure }) };
  } finally {
    clearTimeout(timer);
  }
}

async function readLines(lines: AsyncIterable<string>, onLine: (line: string) => void): Promise<void> {
  for await (const line of lines) onLine(line);
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended between the timeout and the signal.
  }
}
