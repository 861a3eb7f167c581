import { readFileSync } from "node:fs";
import { ps } from "./child.ts";
import { namesIn, textIn } from "./glance.ts";

/**
 * Names one process for good: pids are reused, above all after a container restart, but never with the same
 * start time on the same boot.
 */
export interface ProcessIdentity {
  pid: number;
  /** Opaque: the kernel's start time and boot id on Linux, `ps`'s start date elsewhere. */
  startedAt: string;
}

/** The identity of a live process, or undefined if there is none (a zombie counts as gone). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const startedAt = process.platform === "linux" ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Whether the process that this identity was taken of still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt;
}

/** The command line of a live process as one string, or undefined. */
export function commandLineOf(pid: number): string | undefined {
  if (process.platform !== "linux") return psOf(pid, "command=");
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return undefined;
  }
}

/** A live process's state as `ps` shows it, such as `S`, or `T` for one that a signal has stopped. */
export function stateOf(pid: number): string | undefined {
  return process.platform === "linux" ? statFields(pid)[0] : psOf(pid, "state=");
}

/** Field 22 of `/proc/<pid>/stat` (proc(5)): clock ticks between boot and the process's start. */
function startTimeFromProc(pid: number): string | undefined {
  const fields = statFields(pid);
  if (fields.length === 0 || fields[0] === "Z" || fields[0] === "X") return undefined;
  return `${fields[19]}@${bootId()}`;
}

/** What stands behind the command in `/proc/<pid>/stat`: state, parent, group, session, … Empty for no process. */
export function statFields(pid: number): string[] {
  const stat = textIn(`/proc/${pid}/stat`);
  // The command, in parentheses, may itself hold spaces and parentheses.
  return stat === "" ? [] : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** The pids of all processes; empty if the system has no `/proc`. */
export function livePids(): number[] {
  return namesIn("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Some sandboxes have no boot id; the start time alone then tells two processes apart. */
function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}

function startTimeFromPs(pid: number): string | undefined {
  return psOf(pid, "lstart=");
}

function psOf(pid: number, field: string): string | undefined {
  return ps("-o", field, "-p", String(pid)).trim() || undefined;
}
