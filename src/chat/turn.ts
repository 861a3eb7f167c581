import { setTimeout as sleep } from "node:timers/promises";
import type { AgentApiClient } from "../agentapi/client.ts";
import { AgentApiError } from "../agentapi/errors.ts";
import type { AgentApiEvent } from "../agentapi/events.ts";
import { until } from "../agentapi/wait.ts";
import { ModuleError } from "../base/errors.ts";

/** A turn takes as long as it takes; the person ends it. */
const FOR_EVER_MS = 2 ** 31 - 1;
const LOOK_EVERY_MS = 150;

export interface TurnOptions {
  client: AgentApiClient;
  text: string;
  /** Called if Amp is at work on something else, which is waited for. */
  onWait: () => void;
  /** Called right before the message is sent. */
  onSend: () => void;
  /** AgentAPI's own words about a fault. */
  onFault: (message: string) => void;
  /** The whole answer so far. */
  onAnswer: (text: string) => void;
  /** What AgentAPI tells, from the message on. */
  onEvent: (event: AgentApiEvent) => void;
  /** Gives up, without an end of the turn itself. */
  signal: AbortSignal;
}

/**
 * Sends a message and follows the answer to the turn's end.
 *
 * @returns the answer
 * @throws ModuleError if AgentAPI does not take it; AgentApiError if it is gone; the signal's reason
 */
export async function takeTurn(options: TurnOptions): Promise<string> {
  const { client, onWait, onSend, signal } = options;
  let heard = (_last: number): void => {};
  const isHeard = new Promise<number>((resolve) => {
    heard = resolve;
  });
  const done = new AbortController();
  signal.addEventListener("abort", () => done.abort(signal.reason), { once: true });
  if ((await statusOf(client, signal)) === "running") {
    onWait();
    const isStable = (event: AgentApiEvent) =>
      event.event === "status_change" && event.data.status === "stable";
    await until(client, isStable, { timeoutMs: FOR_EVER_MS, signal });
  }
  const following = follow(options, heard, done.signal);
  following.catch(() => {});
  try {
    const last = await Promise.race([isHeard, following.then(() => -1)]);
    signal.throwIfAborted();
    onSend();
    await send(options);
    while ((await statusOf(client, signal)) === "running") await sleep(LOOK_EVERY_MS, undefined, { signal });
    const messages = await client.messages({ signal });
    return answerIn(messages.filter(({ id, role }) => id > last && role === "agent"));
  } finally {
    done.abort();
  }
}

function answerIn(messages: readonly { content: string }[]): string {
  return messages.map(({ content }) => content).join("\n");
}

async function send({ client, text, signal }: TurnOptions): Promise<void> {
  try {
    await client.sendMessage({ type: "user", content: text }, { timeoutMs: FOR_EVER_MS, signal });
  } catch (cause) {
    if (!(cause instanceof AgentApiError && cause.kind === "http")) throw cause;
    throw new ModuleError(
      `AgentAPI did not take the message: ${cause.detail ?? cause.message}`,
      "Look at what Amp shows: `amp-module attach`, or `amp-module logs start` in the stream transport.",
      { cause },
    );
  }
}

/** Tells of every new message, again from the start if AgentAPI drops the connection. */
async function follow(
  { client, onAnswer, onFault, onEvent }: TurnOptions,
  heard: (last: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let last: number | undefined;
  const answers = new Map<number, { content: string }>();
  const note = (event: AgentApiEvent) => {
    onEvent(event);
    if (event.event === "agent_error") onFault(event.data.message);
    if (event.event !== "message_update" || event.data.id <= (last ?? -1) || event.data.role !== "agent")
      return;
    answers.set(event.data.id, { content: event.data.message });
    onAnswer(answerIn([...answers.values()]));
  };
  while (!signal.aborted) {
    let newest = -1;
    try {
      for await (const event of client.events({ signal })) {
        if (event.event === "message_update") newest = Math.max(newest, event.data.id);
        // The first status comes after all that was said before.
        if (last !== undefined) note(event);
        else if (event.event === "status_change") {
          last = newest;
          heard(last);
        }
      }
    } catch (error) {
      if (last === undefined) throw error;
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

/** While a message is on its way AgentAPI gives no answer, which says as much. */
async function statusOf(client: AgentApiClient, signal: AbortSignal): Promise<"running" | "stable"> {
  try {
    return (await client.status({ signal, timeoutMs: 1_000 })).status;
  } catch (error) {
    if (error instanceof AgentApiError && error.kind === "timeout") return "running";
    throw error;
  }
}
