import type { Log } from "../base/log.ts";

/** Errors that a log, and through it the terminal, has already shown. */
const shown = new WeakSet<object>();

/** Does the work of one log: a failure is its last line, and is not shown again. */
export async function logged<T>(log: Log, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    log.failure(error);
    markShown(error);
    throw error;
  } finally {
    log.close();
  }
}

export function markShown(error: unknown): void {
  if (typeof error === "object" && error !== null) shown.add(error);
}

export function isShown(error: unknown): boolean {
  return typeof error === "object" && error !== null && shown.has(error);
}
