import { withLock } from "../base/lock.ts";
import type { Context } from "../context.ts";

/** A slow first install by another start may take this long. */
const LOCK_TIMEOUT_MS = 20 * 60_000;

/** Runs a command while no other install or start of this module instance runs: it waits for one that does. */
export async function alone(
  context: Context,
  command: (context: Context) => Promise<unknown>,
): Promise<void> {
  const onWait = ({ pid }: { pid: number }) =>
    console.log(`Waiting for another run of this module (pid ${pid}).`);
  await withLock(context.paths.lock, { timeoutMs: LOCK_TIMEOUT_MS, onWait }, () => command(context));
}
