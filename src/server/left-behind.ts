import { namesIn, targetOf, textIn } from "../system/glance.ts";
import { commandLineOf, identifyProcess, type ProcessIdentity } from "../system/process-identity.ts";

/**
 * Every process that this module instance or its agent has started and that still runs, whatever became of its parent:
 * the environment of each tells whose it is (proc(5)). Empty where the system has no `/proc`.
 */
export function findLeftBehind(moduleDir: string): ProcessIdentity[] {
  return pidsOf(moduleDir).flatMap((pid) => identifyProcess(pid) ?? []);
}

/** Those of them that are AgentAPI, its supervisor or the agent, but nothing that the agent has put into the background. */
export function findLeftServers(moduleDir: string): ProcessIdentity[] {
  const pids = pidsOf(moduleDir);
  return pids
    .filter((pid) => isServer(pid) || isOrphanedAgent(pid, pids))
    .flatMap((pid) => identifyProcess(pid) ?? []);
}

function pidsOf(moduleDir: string): number[] {
  const mark = `AMP_MODULE_INSTANCE=${moduleDir}`;
  return namesIn("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid)
    .filter((pid) => textIn(`/proc/${pid}/environ`).split("\0").includes(mark));
}

function isServer(pid: number): boolean {
  return /\bagentapi\b.* server /.test(`${commandLineOf(pid)} `);
}

/** AgentAPI starts the agent as leader of a terminal session; a terminal of the agent's own making has a parent in here. */
function isOrphanedAgent(pid: number, family: readonly number[]): boolean {
  const stat = textIn(`/proc/${pid}/stat`);
  // Behind the command in parentheses: state, parent, group, session.
  const [, parent, , session] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  return (
    session === pid && !family.includes(parent ?? 0) && targetOf(`/proc/${pid}/fd/0`).startsWith("/dev/pts/")
  );
}
