import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A running process. */
export interface ProcessInfo {
  pid: number;
  /** Its arguments joined by spaces. */
  cmdline: string;
  /** The executable, links resolved. */
  exe: string;
}

/**
 * Every process whose environment has `name=value`, found through /proc: also those that were detached or whose
 * parent is gone. A dead process that waits for its parent is not one of them.
 *
 * Read at once: a promise for each file of /proc costs three times as much, and tests look again and again.
 */
export async function findProcesses(name: string, value: string): Promise<ProcessInfo[]> {
  const marker = `${name}=${value}`;
  const pids = readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0);
  return pids.flatMap((pid) => {
    if (!read(`/proc/${pid}/environ`).split("\0").includes(marker)) return [];
    const cmdline = read(`/proc/${pid}/cmdline`).split("\0").join(" ").trim();
    return [{ pid, cmdline, exe: executable(pid) }];
  });
}

/**
 * Ends every process with the marker in its environment, first politely, after `graceMs` by force, until none is
 * left: a supervisor may start another one while it goes.
 *
 * @throws where a process survives even that
 */
export async function endProcesses(name: string, value: string, graceMs = 1500): Promise<void> {
  const start = Date.now();
  let asked = false;
  let emptyLooks = 0;
  for (;;) {
    const left = await findProcesses(name, value);
    // A process in the middle of an exec shows no environment for a moment: one empty look proves nothing.
    emptyLooks = left.length === 0 ? emptyLooks + 1 : 0;
    if (emptyLooks === 3) return;
    const elapsed = Date.now() - start;
    if (left.length > 0 && elapsed > graceMs + 5000) {
      throw new Error(`still running: ${left.map(({ pid, cmdline }) => `${pid} ${cmdline}`).join("; ")}`);
    }
    const force = elapsed > graceMs;
    if (force || !asked) for (const { pid } of left) signal(pid, force ? "SIGKILL" : "SIGTERM");
    asked = true;
    await sleep(30);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in between.
  }
}

/** "" for a process that is gone or another user's. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function executable(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return "";
  }
}
