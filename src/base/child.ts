import { type ChildProcess, type StdioOptions, spawn, spawnSync } from "node:child_process";

export interface ChildOptions {
  env: NodeJS.ProcessEnv;
  cwd?: string | undefined;
  stdio: StdioOptions;
  /** `false` leaves it in this process's group, so that who ends that one ends it, too. */
  hasOwnGroup?: boolean;
}

/** How a program ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface StartedChild {
  child: ChildProcess;
  /** Rejects if it could not be started. */
  isStarted: Promise<void>;
  exited: Promise<Exit>;
}

/**
 * The one place that starts programs. Arguments are passed as they are: no shell sees them. The program gets a session
 * and a process group of its own, so that what it starts can be ended with it and no Ctrl-C reaches it.
 */
export function startChild(file: string, args: readonly string[], options: ChildOptions): StartedChild {
  const { env, cwd, stdio, hasOwnGroup = true } = options;
  const child = spawn(file, args, {
    env,
    stdio,
    detached: hasOwnGroup,
    ...(cwd === undefined ? {} : { cwd }),
  });
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const isStarted = new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.on("error", reject);
  });
  // Who waits for the end only need not know why there was no beginning.
  isStarted.catch(() => {});
  return { child, isStarted, exited };
}

/**
 * Sends a signal to the program's whole group.
 *
 * @returns false if there is none any more
 */
export function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

/** What `ps` prints, for a system without `/proc`. */
export function ps(...args: string[]): string {
  return spawnSync("ps", args, { encoding: "utf8" }).stdout ?? "";
}
