import { setTimeout as sleep } from "node:timers/promises";
import { identifyProcess, isRunning, type ProcessIdentity } from "../system/process-identity.ts";
import { descendantsOf } from "../system/process-tree.ts";

/** AgentAPI itself gives open requests 5 s and the agent 5 s more. */
const GRACE_MS = 12_000;
const POLL_MS = 20;

/** How AgentAPI and its agent went: by themselves after SIGTERM, or killed. */
export type Ending = "ended" | "killed";

/** Ends AgentAPI and everything below it: SIGTERM, then SIGKILL for what is left after the grace period. */
export async function endServer(server: ProcessIdentity): Promise<Ending> {
  const family = [server, ...descendantsOf(server.pid).flatMap((pid) => identifyProcess(pid) ?? [])];
  signal(server, "SIGTERM");
  if (await allGone(family, GRACE_MS)) return "ended";
  for (const member of family) signal(member, "SIGKILL");
  await allGone(family, 1000);
  return "killed";
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
