import { setTimeout as sleep } from "node:timers/promises";
import { type AgentApiClient, silenceLimitMs } from "./client.ts";
import type { Status } from "./contract.ts";
import { AgentApiError, publicUrl } from "./errors.ts";
import type { AgentApiEvent } from "./events.ts";

export interface WaitOptions {
  /** In all, in milliseconds. */
  timeoutMs: number;
  signal?: AbortSignal;
}

/** A refused connection on loopback costs about a millisecond: asking often is cheap and notices a start at once. */
const connectIntervalMs = 10;

/**
 * The first status that AgentAPI gives after it was started. Keeps trying while nothing listens; an answer that is
 * not AgentAPI's, or an error status, rejects at once. One good answer says that the server runs, not the agent.
 */
export async function firstAnswer(client: AgentApiClient, options: WaitOptions): Promise<Status> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const leftMs = Math.max(1, Math.ceil(deadline - performance.now()));
    try {
      return await client.status({ ...signalOf(options), timeoutMs: leftMs });
    } catch (error) {
      if (!isUnreachable(error) || performance.now() + connectIntervalMs >= deadline) throw error;
    }
    await sleep(connectIntervalMs);
    options.signal?.throwIfAborted();
  }
}

/**
 * The first event that `predicate` accepts, from the conversation so far or from what comes. Subscribes again if
 * AgentAPI drops a slow reader or the line falls silent; rejects with `unreachable` once nothing listens any more.
 */
export async function until(
  client: AgentApiClient,
  predicate: (event: AgentApiEvent) => boolean,
  options: WaitOptions,
): Promise<AgentApiEvent> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const leftMs = Math.max(1, Math.ceil(deadline - performance.now()));
    try {
      const idleTimeoutMs = Math.min(leftMs, silenceLimitMs);
      for await (const event of client.events({ ...signalOf(options), timeoutMs: leftMs, idleTimeoutMs })) {
        if (predicate(event)) return event;
        if (performance.now() >= deadline) break;
      }
    } catch (error) {
      if (!(error instanceof AgentApiError && error.kind === "timeout")) throw error;
    }
    if (performance.now() >= deadline) {
      const url = publicUrl(client.baseUrl);
      const message = `AgentAPI at ${url} did not report the awaited event within ${options.timeoutMs} ms`;
      throw new AgentApiError("timeout", url, message);
    }
    await sleep(connectIntervalMs);
    options.signal?.throwIfAborted();
  }
}

function signalOf({ signal }: WaitOptions): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

function isUnreachable(error: unknown): boolean {
  return error instanceof AgentApiError && error.kind === "unreachable";
}
