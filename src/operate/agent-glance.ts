import { setTimeout as sleep } from "node:timers/promises";
import type { AgentApiClient } from "../agentapi/client.ts";
import { AgentApiError } from "../agentapi/errors.ts";
import { type AmpScreen, readScreen } from "../amp/screen.ts";

/** What one look at AgentAPI shows. */
export type Glance =
  | { answers: "yes"; status: "running" | "stable"; screen: AmpScreen | null }
  /** Nothing at all came, nothing listens, or what answers is not AgentAPI. */
  | { answers: "hung" | "gone" | "foreign" };

/** It answers within milliseconds unless it hangs; a loaded machine may need longer. */
const ANSWER_MS = 1_500;
/** Events are asked for only then: AgentAPI notes everybody who does so in its log. */
const HEAD_START_MS = 250;
/** The screen comes with the first event. */
const SCREEN_MS = 300;

/**
 * Asks for the status, and if that is slow for the events, too: while a message is on its way only these answer. The
 * screen tells what Amp does, if there is one.
 */
export async function glance(
  client: AgentApiClient,
  hasScreen: boolean,
  answerMs = ANSWER_MS,
): Promise<Glance> {
  const stop = new AbortController();
  const request = { signal: stop.signal, timeoutMs: answerMs, idleTimeoutMs: answerMs };
  const screen = hasScreen ? firstScreen(client, request) : Promise.resolve(null);
  screen.catch(() => {});
  try {
    const status = await Promise.any([
      client.status(request).then((answer) => answer.status),
      statusEvent(client, request),
    ]);
    return { answers: "yes", status, screen: await within(screen, SCREEN_MS) };
  } catch (error) {
    return { answers: silenceIn(error) };
  } finally {
    stop.abort();
  }
}

interface Request {
  signal: AbortSignal;
  timeoutMs: number;
  idleTimeoutMs: number;
}

async function statusEvent(client: AgentApiClient, request: Request): Promise<"running" | "stable"> {
  await sleep(HEAD_START_MS, undefined, { signal: request.signal });
  for await (const event of client.events(request)) {
    if (event.event === "status_change") return event.data.status;
  }
  throw new Error("AgentAPI told no status");
}

async function firstScreen(client: AgentApiClient, request: Request): Promise<AmpScreen | null> {
  for await (const text of client.screens(request)) return readScreen(text);
  return null;
}

async function within<T>(work: Promise<T | null>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, ms, null);
  });
  try {
    return await Promise.race([work.catch(() => null), limit]);
  } finally {
    clearTimeout(timer);
  }
}

function silenceIn(error: unknown): "hung" | "gone" | "foreign" {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
  const kinds = errors.map((one) => (one instanceof AgentApiError ? one.kind : "protocol"));
  if (kinds.includes("timeout")) return "hung";
  return kinds.includes("unreachable") ? "gone" : "foreign";
}
