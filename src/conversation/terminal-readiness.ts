import type { AgentApiClient } from "../agentapi/client.ts";
import type { InputHistory } from "../amp/input-history.ts";
import { type AgentWatch, NotReady } from "../server/watch.ts";
import { becomesStable, DELIVERY_TIMES, type DeliveryTimes, deliverPrompt, reachInput } from "./deliver.ts";
import type { Errand, Outcome } from "./outcome.ts";

/** From its first screen on; offline, real Amp draws first and gives up after 3 to 5 s. */
const MIN_LIFE_MS = 6_000;

export interface TerminalOptions {
  client: AgentApiClient;
  watch: AgentWatch;
  errand: Errand;
  /** Opens Amp's own list of what is submitted. */
  openHistory: () => InputHistory;
  /** Whether to type on a line if there is no input box. */
  mayType?: boolean;
  /** How long the agent must live to be believed, in milliseconds. */
  minLifeMs?: number;
  times?: Partial<DeliveryTimes>;
}

/**
 * Waits until the agent shows its input box, gives it its prompt, and sees that it lives on.
 *
 * @throws NotReady if it ends, asks for a login or draws nothing; AgentApiError if AgentAPI does not answer
 */
export async function seeTerminalThrough(options: TerminalOptions): Promise<Outcome> {
  const { watch, errand, minLifeMs = MIN_LIFE_MS } = options;
  const outcome = errand.prompt === "" ? await reach(options) : await deliver(options);
  if (outcome.state === "unboxed") return outcome;
  const isHopeless = watch.screen.kind === "blank" || watch.screen.kind === "failed";
  if (outcome.state === "blocked" && isHopeless) throw new NotReady(watch.text, undefined);
  try {
    await watch.livedFor(minLifeMs);
  } catch (error) {
    // An agent that ends now may have taken the prompt no further than its own screen.
    if (outcome.state === "taken") errand.note.sending();
    throw error;
  }
  return outcome;
}

async function reach({ client, watch, times }: TerminalOptions): Promise<Outcome> {
  const allTimes = { ...DELIVERY_TIMES, ...times };
  const kind = await reachInput(watch, client, allTimes);
  // The first chat message is to be taken.
  if (kind === "input") await becomesStable({ client, watch, times: allTimes });
  return kind === "input" || kind === "line" ? { state: "ready" } : { state: "blocked", screen: watch.text };
}

async function deliver({
  client,
  watch,
  errand,
  openHistory,
  mayType = false,
  times,
}: TerminalOptions): Promise<Outcome> {
  const { prompt, isDoubtful, note } = errand;
  const delivery = await deliverPrompt({
    client,
    watch,
    prompt,
    isDoubtful,
    mayType,
    openHistory,
    onSending: () => note.sending(),
    ...(times && { times }),
  });
  if (delivery.state === "blocked") return { state: "blocked", screen: watch.text };
  if (delivery.state === "unconfirmed" || delivery.state === "unboxed") return delivery;
  note.delivered(delivery.how);
  return { state: "taken", how: delivery.how };
}
