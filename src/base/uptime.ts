import { ps } from "./child.ts";
import { textIn } from "./glance.ts";
import { statFields } from "./process-identity.ts";

/** Clock ticks of a second in `/proc`: the same on every Linux that Node runs on. */
const TICKS_PER_S = 100;

/** For how many seconds a process has been running, or undefined if there is none. */
export function uptimeOf(pid: number): number | undefined {
  return process.platform === "linux" ? uptimeFromProc(pid) : uptimeFromPs(pid);
}

function uptimeFromProc(pid: number): number | undefined {
  const startedAt = Number(statFields(pid)[19]);
  const now = Number.parseFloat(textIn("/proc/uptime"));
  const seconds = Math.floor(now - startedAt / TICKS_PER_S);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

/** `ps` writes `[[days-]hours:]minutes:seconds`. */
function uptimeFromPs(pid: number): number | undefined {
  const [, days, rest] =
    ps("-o", "etime=", "-p", String(pid))
      .trim()
      .match(/^(?:(\d+)-)?([\d:]+)$/) ?? [];
  if (rest === undefined) return undefined;
  const seconds = rest.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return Number(days ?? 0) * 86_400 + seconds;
}
