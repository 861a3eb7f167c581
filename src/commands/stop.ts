import { withLock } from "../base/lock.ts";
import type { Context } from "../context.ts";
import { stop } from "../stop/stop.ts";
import { logged } from "./logged.ts";

/** A stop has 20 s in all and continues without the lock: the start that holds it goes down with the workspace. */
const LOCK_TIMEOUT_MS = 1_000;

/** `amp-module stop`; its log is `stop.log`. */
export async function runStop(context: Context): Promise<void> {
  let hasBegun = false;
  const work = () => {
    hasBegun = true;
    const log = context.openLog(context.paths.stopLog, { rotate: true });
    return logged(log, () => stop(context, log));
  };
  try {
    await withLock(context.paths.lock, { timeoutMs: LOCK_TIMEOUT_MS }, work);
  } catch (error) {
    if (hasBegun) throw error;
    await work();
  }
}
