import { setTimeout as sleep } from "node:timers/promises";
import { readSignals } from "../acp/signals.ts";
import { deathOf, NotReady } from "../server/watch.ts";
import type { Errand, Outcome } from "./outcome.ts";

/** Amp takes 1.3 s to its first event, and 16 s with an MCP server that never answers. */
const FIRST_EVENT_MS = 60_000;
const READY_MS = 30_000;
const LOOK_EVERY_MS = 25;

export interface StreamOptions {
  /** What AgentAPI and the stream agent have printed since it was asked last, in whole lines. */
  news: () => string;
  /** Settles when AgentAPI's process ends. */
  ended: Promise<string>;
  errand: Errand;
  /** Gets the steps on the way. */
  debug?: (text: string) => void;
  times?: { firstEventMs: number; readyMs: number };
}

/**
 * Waits for what the stream agent tells about itself: the first turn's first event, or without a prompt that it is ready.
 * There is no screen that could show more. What is given to AgentAPI is on record as being sent before that.
 *
 * @throws NotReady if the process ends or the first turn fails
 */
export async function seeStreamThrough({
  news,
  ended,
  errand,
  debug = () => {},
  times,
}: StreamOptions): Promise<Outcome> {
  const { firstEventMs = FIRST_EVENT_MS, readyMs = READY_MS } = times ?? {};
  const death = deathOf(ended);
  const hasPrompt = errand.prompt !== "";
  const deadline = performance.now() + (hasPrompt ? firstEventMs : readyMs);
  let isReady = false;
  let hasFirstEvent = false;
  for (;;) {
    const said = readSignals(news());
    if (said.isReady && !isReady) debug("The stream agent has opened a session.");
    if (said.hasFirstEvent && !hasFirstEvent) debug("Amp answers: the first event has come.");
    isReady ||= said.isReady;
    hasFirstEvent ||= said.hasFirstEvent;
    if (said.failedTurns.length > 0) {
      debug(`The turn has failed, ${hasFirstEvent ? "after" : "before"} Amp's first event.`);
      if (hasPrompt && !hasFirstEvent) errand.note.notSent();
      throw new NotReady("", undefined);
    }
    if (hasPrompt && hasFirstEvent) {
      errand.note.delivered("chat");
      return { state: "taken", how: "chat" };
    }
    if (!hasPrompt && isReady) return { state: "ready" };
    if (performance.now() >= deadline) return hasPrompt ? { state: "unconfirmed" } : { state: "ready" };
    await Promise.race([sleep(LOOK_EVERY_MS), death]);
  }
}

/** Whether there was anybody to whom AgentAPI could have sent a prompt. */
export function hadSession(output: string): boolean {
  return readSignals(output).isReady;
}
