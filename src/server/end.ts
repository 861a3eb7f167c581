import { setTimeout as sleep } from "node:timers/promises";
import { identifyProcess, isRunning, type ProcessIdentity } from "../system/process-identity.ts";
import { descendantsOf } from "../system/process-tree.ts";

/** AgentAPI itself gives open requests 5 s and the agent 5 s more. */
const GRACE_MS = 12_000;
const POLL_MS = 20;

/** How AgentAPI and its agent went: by themselves after SIGTERM, or killed. */
export type Ending = "ended" | "killed";

/** Ends AgentAPI and everything below it: SIGTERM, then SIGKILL for what is left after the grace period. */
export async function endServer(server: ProcessIdentity, graceMs = GRACE_MS): Promise<Ending> {
  const family = familyOf([server]);
  signal(server, "SIGTERM");
  if (await allGone(family, graceMs)) return "ended";
  // What they have started since then belongs to them, too.
  const left = familyOf(family.filter(isRunning));
  for (const member of left) signal(member, "SIGKILL");
  await allGone(left, 1000);
  return "killed";
}

function familyOf(roots: readonly ProcessIdentity[]): ProcessIdentity[] {
  const descendants = roots.flatMap(({ pid }) => descendantsOf(pid));
  return [...roots, ...descendants.flatMap((pid) => identifyProcess(pid) ?? [])];
}

async function allGone(family: readonly ProcessIdentity[], timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
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
