import { setTimeout as sleep } from "node:timers/promises";
import type { AgentApiClient } from "../agentapi/client.ts";
import { AgentApiError } from "../agentapi/errors.ts";
import { firstAnswer } from "../agentapi/wait.ts";
import { asksForLogin } from "./diagnosis.ts";

/** AgentAPI itself is up within milliseconds; a loaded machine may need longer. */
const ANSWER_TIMEOUT_MS = 10_000;
/** An agent that lives this long has come up, even if its screen never rests. Real Amp gives up offline after 3-5 s. */
export const SETTLE_MS = 15_000;
/** How long the screen must rest, with the prompt still unsent, to say that AgentAPI does not recognise it. */
export const REST_MS = 10_000;

/** What the agent showed while it came up. */
export interface Observed {
  /** The agent's screen or message, as AgentAPI reports it. */
  screen: string;
  status: "running" | "stable";
  /** When the screen had something on it for the first time, by `performance.now()`. */
  drawnAt?: number;
}

/** How a start can turn out: what a person has to know is in the log, what has to fail is thrown. */
export type Readiness =
  | { state: "ready" }
  /** It lives, but its screen neither rested nor took the prompt in time. */
  | { state: "settling" }
  /** The prompt waits for an input box that AgentAPI does not find on a resting screen. */
  | { state: "unrecognised" };

/** Thrown where the agent cannot come up; `observed` is the evidence. */
export class NotReady extends Error {
  constructor(
    readonly observed: Observed,
    readonly ending: string | undefined,
  ) {
    super("the agent did not become ready");
  }
}

export interface ReadinessOptions {
  client: AgentApiClient;
  /** Settles when AgentAPI's process ends. */
  ended: Promise<string>;
  /** The prompt that AgentAPI was given to send, "" for none. */
  prompt: string;
  onAnswer: () => void;
  /** How long to wait for an answer, for the agent, and for a resting screen; in milliseconds. */
  times?: Partial<Times>;
}

interface Times {
  answerMs: number;
  settleMs: number;
  restMs: number;
  /** The agent must live this long, from its first screen on, before it counts as ready: offline, real Amp draws first and then gives up. */
  minLifeMs: number;
}

const TIMES: Times = { answerMs: ANSWER_TIMEOUT_MS, settleMs: SETTLE_MS, restMs: REST_MS, minLifeMs: 6_000 };

/**
 * Waits until the agent is ready: AgentAPI answers, and the agent lives and has taken its prompt, or rests with
 * something on its screen. One good answer alone says nothing: AgentAPI answers before Amp has found its server.
 *
 * @throws NotReady where the process ends or the agent asks for a login
 */
export async function awaitReadiness({
  client,
  ended,
  prompt,
  onAnswer,
  times: otherTimes,
}: ReadinessOptions): Promise<Readiness> {
  const times = { ...TIMES, ...otherTimes };
  const started = performance.now();
  const observed: Observed = { screen: "", status: "running" };
  const stop = new AbortController();
  const death = ended.then((ending) => {
    throw new NotReady(observed, ending);
  });
  try {
    const answer = firstAnswer(client, { timeoutMs: times.answerMs, signal: stop.signal });
    const { transport } = await Promise.race([answer, death]);
    onAnswer();
    // An agent that speaks in events has no screen: that it is stable is all there is to see.
    const isReady = () => observed.status === "stable" && (transport === "acp" || isDrawn(observed.screen));
    const watching = watch({ client, prompt, observed, isReady, times, signal: stop.signal });
    const readiness = await Promise.race([watching, death]);
    // On a loaded machine it may take seconds to draw: only from then on it tries to reach its server.
    const since = observed.drawnAt ?? started;
    await Promise.race([sleep(Math.max(0, since + times.minLifeMs - performance.now())), death]);
    return readiness;
  } catch (error) {
    // A connection that breaks is how a dying server looks from outside: its exit says more.
    if (!(error instanceof AgentApiError)) throw error;
    return await Promise.race([death, sleep(2000).then(() => Promise.reject(error))]);
  } finally {
    stop.abort();
    death.catch(() => {});
  }
}

interface Watch {
  client: AgentApiClient;
  prompt: string;
  /** Kept up to date. */
  observed: Observed;
  isReady: () => boolean;
  times: Times;
  signal: AbortSignal;
}

/** Breaks of the event stream with no event in between, after which the server counts as gone. */
const MOST_BREAKS = 5;

/** Follows the event stream, so that a change is noticed as it happens. */
async function watch({ client, prompt, observed, isReady, times, signal }: Watch): Promise<Readiness> {
  let lastChange = performance.now();
  let breaks = 0;

  async function follow(): Promise<Readiness> {
    for (;;) {
      try {
        const readiness = await followOnce();
        if (readiness) return readiness;
      } catch (error) {
        // A line can break under a server that lives; one that breaks again and again is a server that dies.
        breaks += 1;
        if (!(error instanceof AgentApiError) || breaks > MOST_BREAKS) throw error;
      }
      await sleep(10, undefined, { signal });
    }
  }

  async function followOnce(): Promise<Readiness | undefined> {
    for await (const event of client.events({ signal })) {
      breaks = 0;
      if (event.event === "status_change") observed.status = event.data.status;
      if (event.event === "message_update") {
        const { role, message } = event.data;
        if (prompt !== "" && role === "user" && message === prompt) return { state: "ready" };
        if (role === "agent" && message !== observed.screen) {
          observed.screen = message;
          if (isDrawn(message)) observed.drawnAt ??= performance.now();
          lastChange = performance.now();
        }
      }
      if (asksForLogin(observed.screen)) throw new NotReady(observed, undefined);
      if (prompt === "" && isReady()) return { state: "ready" };
    }
    return undefined;
  }

  async function settle(): Promise<Readiness> {
    const deadline = performance.now() + times.settleMs;
    while (performance.now() < deadline) {
      await sleep(100, undefined, { signal });
      const isResting = isDrawn(observed.screen) && performance.now() - lastChange >= times.restMs;
      if (prompt !== "" && isResting) return { state: "unrecognised" };
    }
    return { state: "settling" };
  }

  const outcomes = [follow(), settle()];
  // The slower one is aborted afterwards; its rejection is nobody's business.
  for (const outcome of outcomes) outcome.catch(() => {});
  return Promise.race(outcomes);
}

/** Whether the agent has drawn anything: AgentAPI calls an empty screen stable, too. */
function isDrawn(screen: string): boolean {
  return screen.replaceAll("^H", "").trim() !== "";
}
