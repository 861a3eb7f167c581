import { AgentApiError, type Target, timeoutError, unreachableError } from "./errors.ts";

interface DeadlineOptions {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** What is waited for, in the words of the error. */
  what?: "answer" | "event";
}

/**
 * Runs `work` with a signal that fires at the deadline or with the caller's signal, and settles then even if `work`
 * does not listen. Rejects with `timeout` or `unreachable`, or with the caller's own abort reason.
 *
 * A timer of its own, not `AbortSignal.any` with `AbortSignal.timeout`: Node 20 may collect those as garbage
 * before they fire.
 */
export async function withDeadline<Result>(
  target: Target,
  { timeoutMs, signal, what }: DeadlineOptions,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  let stop = (_reason: unknown): void => {};
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = (reason) => {
      reject(reason);
      controller.abort(reason);
    };
  });
  const onAbort = (): void => stop(signal?.reason);
  const timer = setTimeout(() => stop(timeoutError(target, timeoutMs, what)), timeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work(controller.signal), stopped]);
  } catch (error) {
    if (error instanceof AgentApiError || controller.signal.aborted) throw error;
    throw unreachableError(target, error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
