import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** How a script went. */
export interface ScriptResult {
  /** 128 + signal number where a signal ended it. */
  exitCode: number;
  stdout: string;
  stderr: string;
  durationMs: number;
  /** A process that the script left behind still holds its stdout or stderr: the Coder agent would wait for it. */
  stdoutHeldOpen: boolean;
}

export interface RunOptions {
  cwd: string;
  env: Record<string, string>;
  /** Ends the script's process group by force and rejects; 60 s unless given. */
  timeoutMs?: number;
  /** Gets stdout and stderr as they come. */
  onOutput?: (text: string) => void;
  /** Gets the process group's id as soon as there is one. */
  onSpawn?: (pid: number) => void;
}

/** Time that a script's last output gets to arrive once its process is gone. */
const drainMs = 400;

/**
 * Runs a command as the Coder agent runs a script: no terminal, stdin at /dev/null, output through pipes.
 * Returns when the process itself ends, also where a child of it keeps the pipes open.
 */
export async function runAsAgent(command: readonly string[], options: RunOptions): Promise<ScriptResult> {
  const [file = "", ...args] = command;
  const { cwd, env, timeoutMs = 60_000 } = options;
  const start = performance.now();
  const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  if (child.pid) options.onSpawn?.(child.pid);
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk: Buffer) => {
      output[name].push(chunk);
      options.onOutput?.(chunk.toString());
    });
  }
  const text = (name: keyof typeof output) => Buffer.concat(output[name]).toString();
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));

  let isTimedOut = false;
  const timer = setTimeout(() => {
    isTimedOut = true;
    if (child.pid) process.kill(-child.pid, "SIGKILL");
  }, timeoutMs);
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === "SIGKILL" ? 9 : 15)));
    });
    const durationMs = performance.now() - start;
    const stdoutHeldOpen = await Promise.race([closed.then(() => false), sleep(drainMs, true)]);
    child.stdout.destroy();
    child.stderr.destroy();
    if (isTimedOut) {
      throw new Error(`the script still ran after ${timeoutMs} ms.\n${text("stdout")}\n${text("stderr")}`);
    }
    return { exitCode, stdout: text("stdout"), stderr: text("stderr"), durationMs, stdoutHeldOpen };
  } finally {
    clearTimeout(timer);
  }
}
