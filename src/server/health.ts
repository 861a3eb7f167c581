import type { AgentApiClient } from "../agentapi/client.ts";
import { AgentApiError } from "../agentapi/errors.ts";
import { isRunning, type ProcessIdentity, stateOf } from "../base/process-identity.ts";
import { familyOf } from "./end.ts";
import { isAgentApi } from "./process.ts";

/** It answers within milliseconds unless a message is on its way. */
const STATUS_MS = 1_500;
/** Long enough for a loaded machine: who is silent for so long is taken for dead. */
const EVENTS_MS = 5_000;

/**
 * How an AgentAPI of ours is:
 * - `healthy`: it answers
 * - `busy`: it hands a message over, and gives no answers but events meanwhile; in a stream that takes a whole turn
 * - `hung`: it runs and answers nothing at all, as while it is stopped
 * - `gone`: there is none, or it does not listen; its supervisor may be about to start it again
 */
export type Health = "healthy" | "busy" | "hung" | "gone";

/**
 * @param server AgentAPI or its supervisor, such as the record of the running one
 * @param eventsMs how long it may stay silent; shorter only for somebody who does nothing about the answer
 */
export async function serverHealth(
  client: AgentApiClient,
  server: ProcessIdentity,
  eventsMs = EVENTS_MS,
): Promise<Health> {
  const servers = isRunning(server) ? familyOf([server]).filter(({ pid }) => isAgentApi(pid)) : [];
  if (servers.length === 0) return "gone";
  if (servers.every(({ pid }) => isStopped(pid))) return "hung";
  const status = await kindOfSilence(() => client.status({ timeoutMs: STATUS_MS }));
  if (status !== "timeout") return status;
  // Only the conversation is behind the lock that a message holds; the events so far are not.
  const events = await kindOfSilence(() => firstEvent(client, eventsMs));
  return events === "healthy" ? "busy" : events === "timeout" ? "hung" : events;
}

async function kindOfSilence(ask: () => Promise<unknown>): Promise<"healthy" | "gone" | "timeout"> {
  try {
    await ask();
    return "healthy";
  } catch (error) {
    if (error instanceof AgentApiError && error.kind === "timeout") return "timeout";
    return "gone";
  }
}

async function firstEvent(client: AgentApiClient, timeoutMs: number): Promise<void> {
  for await (const _ of client.events({ timeoutMs, idleTimeoutMs: timeoutMs })) return;
}

/** By a signal (T) or a debugger (t). */
export function isStopped(pid: number): boolean {
  return /^T/i.test(stateOf(pid) ?? "");
}
