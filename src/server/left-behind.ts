import { targetOf, textIn } from "../base/glance.ts";
import { identifyProcess, livePids, type ProcessIdentity, statFields } from "../base/process-identity.ts";
import { isRunner, isServer } from "./process.ts";

/**
 * Every process that this module instance or its agent has started and that still runs, whatever became of its parent:
 * the environment of each tells whose it is (proc(5)). Empty if the system has no `/proc`.
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

/** Agents that their AgentAPI's end was no reason to end for. */
export function findLeftAgents(moduleDir: string): ProcessIdentity[] {
  const pids = pidsOf(moduleDir);
  return pids.filter((pid) => isOrphanedAgent(pid, pids)).flatMap((pid) => identifyProcess(pid) ?? []);
}

function pidsOf(moduleDir: string): number[] {
  const mark = `AMP_MODULE_INSTANCE=${moduleDir}`;
  return livePids()
    .filter((pid) => pid !== process.pid)
    .filter((pid) => textIn(`/proc/${pid}/environ`).split("\0").includes(mark));
}

/** A terminal of the agent's own making has a parent in here, and a runner its supervisor. */
function isOrphanedAgent(pid: number, family: readonly number[]): boolean {
  return (leadsTerminal(pid) || isRunner(pid)) && !family.includes(Number(statFields(pid)[1]));
}

/** AgentAPI starts the agent as leader of a terminal session. */
export function leadsTerminal(pid: number): boolean {
  return Number(statFields(pid)[3]) === pid && targetOf(`/proc/${pid}/fd/0`).startsWith("/dev/pts/");
}
