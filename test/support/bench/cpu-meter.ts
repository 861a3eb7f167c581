import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** Counts the processor time of a process and of all that come from it, whatever becomes of them. */
export interface CpuMeter {
  /** Goes in front of a command. */
  prefix: readonly string[];
  /** Milliseconds so far. */
  read: () => number;
  /** Once none of the processes is left. */
  close: () => void;
}

let count = 0;

/** By a control group of its own, of either kind; undefined if this user may make none. */
export function cpuMeter(): CpuMeter | undefined {
  for (const root of ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/cpuacct"]) {
    const folder = join(root, `amp-module-bench-${process.pid}-${count++}`);
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    if (existsSync(join(folder, "cgroup.procs")) && !Number.isNaN(usage(folder)))
      return {
        prefix: ["sh", "-c", `echo $$ >'${folder}/cgroup.procs'; exec "$@"`, "-"],
        read: () => usage(folder),
        close: () => rmdirSync(folder),
      };
    rmdirSync(folder);
  }
  return undefined;
}

function usage(folder: string): number {
  try {
    return Number(readFileSync(join(folder, "cpuacct.usage"), "utf8")) / 1e6;
  } catch {
    try {
      const [, us] = readFileSync(join(folder, "cpu.stat"), "utf8").match(/^usage_usec (\d+)/m) ?? [];
      return Number(us) / 1000;
    } catch {
      return Number.NaN;
    }
  }
}
