import { setTimeout as sleep } from "node:timers/promises";
import { identifyProcess, isRunning, type ProcessIdentity } from "../system/process-identity.ts";
import { descendantsOf } from "../system/process-tree.ts";

/** AgentAPI itself gives open requests 5 s and the agent 5 s more. */
const GRACE_MS = 12_000;
/** For what the agent has started and left running. */
const BACKGROUND_GRACE_MS = 2_000;
const POLL_MS = 20;

/** How AgentAPI and its agent went: by themselves after SIGTERM, or killed. */
export type Ending = "ended" | "killed";

/** Ends AgentAPI and everything below it: SIGTERM, then SIGKILL for what is left after the grace period. */
export function endServer(server: ProcessIdentity, graceMs = GRACE_MS): Promise<Ending> {
  return endAll([server], graceMs);
}

/** The same for several processes and everything below them; one that is below another one is left to that at first. */
export async function endAll(processes: readonly ProcessIdentity[], graceMs = GRACE_MS): Promise<Ending> {
  const deadline = performance.now() + graceMs;
  const below = new Set(processes.flatMap(({ pid }) => descendantsOf(pid)));
  const roots = processes.filter(({ pid }) => !below.has(pid));
  const family = familyOf(roots);
  for (const root of roots) signal(root, "SIGTERM");
  // AgentAPI ends its agent, but nobody what the agent has put into the background.
  if (await allGone(roots, deadline)) for (const member of family) signal(member, "SIGTERM");
  if (await allGone(family, Math.min(deadline, performance.now() + BACKGROUND_GRACE_MS))) return "ended";
  // What they have started since then belongs to them, too.
  const left = familyOf(family.filter(isRunning));
  for (const member of left) signal(member, "SIGKILL");
  await allGone(left, performance.now() + 1000);
  return "killed";
}

/** Processes and all below them, but for this very one: the agent itself may have run the command that ends it. */
export function familyOf(roots: readonly ProcessIdentity[]): ProcessIdentity[] {
  const descendants = roots.flatMap(({ pid }) => descendantsOf(pid));
  const members = [...roots, ...descendants.flatMap((pid) => identifyProcess(pid) ?? [])];
  return members.filter(({ pid }) => pid !== process.pid);
}

async function allGone(family: readonly ProcessIdentity[], deadline: number): Promise<boolean> {
  while (family.some(isRunning)) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Only while it is still the same process: the pid may have been reused. */
function signal(target: ProcessIdentity, name: NodeJS.Signals): void {
  try {
    if (isRunning(target)) process.kill(target.pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}
