import { setTimeout as sleep } from "node:timers/promises";
import { identifyProcess, isRunning, type ProcessIdentity } from "../base/process-identity.ts";
import { descendantsOf } from "../base/process-tree.ts";
import { leadsTerminal } from "./left-behind.ts";
import { isListenedOn } from "./port-holder.ts";
import { isAgentApi, isRunner, isSupervisor, portOf } from "./process.ts";

/** In all; AgentAPI may have to write a long conversation to a slow disk. */
const GRACE_MS = 10_000;
/** For the agent, once the conversation is saved. */
const AGENT_GRACE_MS = 3_000;
/** For what the agent has started and left running. */
const BACKGROUND_GRACE_MS = 1_000;
/** The real Amp only leaves its screen at the first SIGINT or SIGTERM; the second one ends it. */
const REPEAT_MS = 150;
/** How often to look for an AgentAPI that a supervisor has started since. */
const LOOK_AGAIN_MS = 1_000;
const POLL_MS = 20;

/** How AgentAPI and its agent went: by themselves after SIGTERM, or killed. */
export type Ending = "ended" | "killed";

/** Ends AgentAPI and everything below it: SIGTERM, then SIGKILL for what is left after the grace period. */
export function endServer(server: ProcessIdentity, graceMs = GRACE_MS): Promise<Ending> {
  return endAll([server], graceMs);
}

/**
 * The same for several processes and everything below them; one that is below another one is left to that at first.
 *
 * Left alone, AgentAPI waits 5 s for an agent that does not go and 5 s for open connections. The conversation is saved
 * by the time it stops listening, so from then on nobody is waited for any longer.
 */
export async function endAll(processes: readonly ProcessIdentity[], graceMs = GRACE_MS): Promise<Ending> {
  const below = new Set(processes.flatMap(({ pid }) => descendantsOf(pid)));
  const roots = processes.filter(({ pid }) => !below.has(pid));
  const family = familyOf(roots);
  let deadline = after(graceMs);
  const servers = await closeServers(roots, deadline);
  if (servers.length > 0) deadline = Math.min(deadline, after(AGENT_GRACE_MS));
  family.push(...familyOf(servers));
  const agents = family.filter(({ pid }) => leadsTerminal(pid));
  await askAgain(agents, servers, deadline);

  // AgentAPI ends its agent, but nobody what the agent has put into the background.
  if (await until(() => areGone(roots), deadline)) for (const member of family) signal(member, "SIGTERM");
  if (await until(() => areGone(family), Math.min(deadline, after(BACKGROUND_GRACE_MS)))) return "ended";
  // What they have started since then belongs to them, too.
  const left = familyOf(family.filter(isRunning));
  for (const member of left) signal(member, "SIGKILL");
  await until(() => areGone(left), after(1000));
  return "killed";
}

/** Ends agents, and nothing that they have started: SIGTERM again and again, then SIGKILL. */
export async function endAgents(agents: readonly ProcessIdentity[]): Promise<Ending> {
  await askAgain(agents, [], after(AGENT_GRACE_MS));
  if (areGone(agents)) return "ended";
  for (const agent of agents) signal(agent, "SIGKILL");
  await until(() => areGone(agents), after(1000));
  return "killed";
}

/** Processes and all below them, but for this very one: the agent itself may have run the command that ends it. */
export function familyOf(roots: readonly ProcessIdentity[]): ProcessIdentity[] {
  const descendants = roots.flatMap(({ pid }) => descendantsOf(pid));
  return [...roots, ...identify(descendants)].filter(({ pid }) => pid !== process.pid);
}

/**
 * Asks the processes to end, and each AgentAPI among and below them, since a supervisor passes nothing on to its own.
 *
 * @returns these AgentAPIs, once none of them listens any more
 */
async function closeServers(roots: readonly ProcessIdentity[], deadline: number): Promise<ProcessIdentity[]> {
  const ports = new Map<ProcessIdentity, number | undefined>();
  // A runner has no port: it tells Amp's server that it goes, and is gone.
  const listens = async ([server, port]: [ProcessIdentity, number | undefined]) =>
    isRunning(server) && (port === undefined ? isRunner(server.pid) : await isListenedOn(port));
  // A supervisor without an AgentAPI may be about to start one.
  const isClosed = async () =>
    ports.size === 0
      ? !roots.some((root) => isRunning(root) && isSupervisor(root.pid))
      : !(await Promise.all([...ports].map(listens))).includes(true);

  for (const root of roots) ask(root);
  do {
    const known = new Set([...ports.keys()].map(({ pid }) => pid));
    for (const server of familyOf(roots).filter(({ pid }) => isAgentApi(pid) && !known.has(pid))) {
      ports.set(server, portOf(server.pid));
      if (!roots.some(({ pid }) => pid === server.pid)) ask(server);
    }
  } while (
    !(await until(isClosed, Math.min(deadline, after(LOOK_AGAIN_MS)))) &&
    performance.now() < deadline
  );
  return [...ports.keys()];
}

/** Ends the agents, then the AgentAPIs that are only waiting for open connections: their second SIGTERM ends them. */
async function askAgain(
  agents: readonly ProcessIdentity[],
  servers: readonly ProcessIdentity[],
  deadline: number,
): Promise<void> {
  let asked = agents;
  while (performance.now() < deadline) {
    for (const process of asked) ask(process);
    if (await until(() => areGone([...agents, ...servers]), Math.min(deadline, after(REPEAT_MS)))) return;
    asked = [...agents, ...servers];
  }
}

function identify(pids: readonly number[]): ProcessIdentity[] {
  return pids.flatMap((pid) => identifyProcess(pid) ?? []);
}

function areGone(processes: readonly ProcessIdentity[]): boolean {
  return !processes.some(isRunning);
}

const after = (ms: number) => performance.now() + ms;

/** @returns whether it came true before the deadline */
async function until(isTrue: () => boolean | Promise<boolean>, deadline: number): Promise<boolean> {
  while (!(await isTrue())) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** SIGTERM, also to one that is stopped: it must run to hear it. */
function ask(target: ProcessIdentity): void {
  signal(target, "SIGTERM");
  signal(target, "SIGCONT");
}

/** Only while it is still the same process: the pid may have been reused. */
function signal(target: ProcessIdentity, name: NodeJS.Signals): void {
  try {
    if (isRunning(target)) process.kill(target.pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}
