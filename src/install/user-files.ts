import { reasonOf } from "../base/errors.ts";
import { LockNotWritable, withLock } from "../base/lock.ts";
import type { Log } from "../base/log.ts";
import type { Context } from "../context.ts";

/** Held for some milliseconds; a slow network home may take seconds. */
const TIMEOUT_MS = 60_000;

/**
 * Runs `work`, which reads and writes what is the user's and not the module directory's (Amp's settings and session,
 * `AGENTS.md`, profile files), while no other instance of the module in this home does so. Nothing slow belongs in it.
 *
 * @throws ModuleError if another instance holds the lock and does not end
 */
export async function withUserFiles<T>({ paths }: Context, log: Log, work: () => T): Promise<Awaited<T>> {
  try {
    return await withLock(paths.userLock, { timeoutMs: TIMEOUT_MS }, async () => await work());
  } catch (error) {
    if (!(error instanceof LockNotWritable)) throw error;
    // A home that takes no new file can still have settings that need no change; what needs one says so itself.
    log.debug(`Other instances in this home are not kept out: ${reasonOf(error)}`);
    return await work();
  }
}
