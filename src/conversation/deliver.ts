import { setTimeout as sleep } from "node:timers/promises";
import type { AgentApiClient } from "../agentapi/client.ts";
import { AgentApiError } from "../agentapi/errors.ts";
import type { InputHistory } from "../amp/input-history.ts";
import { pasted } from "../amp/paste.ts";
import { echoes, type ScreenKind, timesSaid, tourKey } from "../amp/screen.ts";
import { reasonOf } from "../base/errors.ts";
import type { AgentWatch } from "../server/watch.ts";

/** What became of a prompt. */
export type Delivery =
  /** It stands in Amp's transcript, or in Amp's own list of what was submitted. */
  | { state: "delivered"; how: "chat" | "typed" | "earlier" }
  /** It was sent, and nothing shows that it arrived. */
  | { state: "unconfirmed" }
  /** It was not sent: there is no input box to type into. */
  | { state: "blocked"; by: ScreenKind }
  /** It was not sent: there is a line to type on, and `mayType` is not given. */
  | { state: "unboxed" };

export interface DeliveryOptions {
  client: AgentApiClient;
  watch: AgentWatch;
  /** Without outer white space, which AgentAPI refuses. */
  prompt: string;
  /** Opens Amp's own list of what is submitted from now on. */
  openHistory: () => InputHistory;
  /** It was sent before, and whether it arrived was never seen. */
  isDoubtful?: boolean;
  /** Whether to type on a line that is no box. */
  mayType?: boolean;
  /** Called once, right before anything that could submit the prompt. */
  onSending: () => void;
  times?: Partial<DeliveryTimes>;
}

export interface DeliveryTimes {
  /** For Amp to show its input box, its first screens included. */
  inputMs: number;
  /** How long a screen without an input box must rest to be the last word. */
  restMs: number;
  /** For AgentAPI to find that the screen rests, which a chat message needs; it wants 2 s without a change. */
  stableMs: number;
  /** For the prompt to appear in the transcript. */
  confirmMs: number;
}

export const DELIVERY_TIMES: DeliveryTimes = {
  inputMs: 60_000,
  restMs: 10_000,
  stableMs: 8_000,
  confirmMs: 15_000,
};

/** Amp is not where the prompt belongs yet; what is typed now would begin another thread. */
const LOADING = /^Loading/;
const MOST_TOUR_PAGES = 20;
const MOST_TRIES = 3;
/** Text that stands in the box for so long was typed without its Enter. */
const ENTER_AGAIN_AFTER_MS = 3_000;

/** What was typed is on the screen by then. */
const TYPED_WITHIN_MS = 1_000;

/**
 * Gives Amp a prompt through its input box, at most once, and says what is known of it afterwards. AgentAPI's list of
 * messages is no proof: it holds whatever was typed, into whatever page.
 *
 * @throws NotReady if the agent ends or asks for a login meanwhile
 */
export async function deliverPrompt(options: DeliveryOptions): Promise<Delivery> {
  const { watch, prompt, times } = options;
  const allTimes = { ...DELIVERY_TIMES, ...times };
  let isSending = false;
  const attempt: Attempt = {
    ...options,
    times: allTimes,
    before: 0,
    isBehindDialog: false,
    history: options.openHistory(),
    onSending() {
      watch.note("Sending the prompt.");
      if (!isSending) options.onSending();
      isSending = true;
    },
  };
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const kind = await reachInput(watch, options.client, allTimes);
    watch.note(`The prompt's way, try ${tries + 1}: ${kind}.`);
    if (kind === "line") return options.mayType ? await typeOnLine(attempt) : { state: "unboxed" };
    attempt.isBehindDialog = kind === "dialog" && (await takesKeys(watch, options.client));
    if (kind !== "input" && !attempt.isBehindDialog) return { state: "blocked", by: kind };
    if (options.isDoubtful && tries === 0) {
      const earlier = await lookForEarlier(attempt);
      if (earlier) return earlier;
    }
    attempt.before = timesSaid(watch.screen, prompt);
    const delivery = await sendThroughBox(attempt, tries === MOST_TRIES - 1);
    if (delivery) return delivery;
  }
  return isSending ? { state: "unconfirmed" } : { state: "blocked", by: watch.screen.kind };
}

interface Attempt extends DeliveryOptions {
  times: DeliveryTimes;
  history: InputHistory;
  /** How often the prompt stood in the transcript already. */
  before: number;
  /** A question is on the screen, and the keys go to the input box all the same. */
  isBehindDialog: boolean;
}

/**
 * Waits for the input box, turning the pages of the welcome tour. @returns what is there in the end: `input`, `line`, or
 * what stands in the way
 */
export async function reachInput(
  watch: AgentWatch,
  client: AgentApiClient,
  { inputMs, restMs }: Pick<DeliveryTimes, "inputMs" | "restMs">,
): Promise<ScreenKind> {
  const deadline = performance.now() + inputMs;
  const isThere = (): ScreenKind | undefined => {
    const { kind, activity } = watch.screen;
    if (kind === "input") return LOADING.test(activity) ? undefined : kind;
    if (kind === "failed") return kind;
    if (kind === "dialog") return watch.restedMs >= Math.min(restMs, 1_000) ? kind : undefined;
    // The tour fades in; a key that comes too early would be lost.
    if (kind === "tour") return watch.restedMs >= 200 ? kind : undefined;
    return kind !== "blank" && watch.restedMs >= restMs ? kind : undefined;
  };
  for (let pages = 0; pages < MOST_TOUR_PAGES; pages += 1) {
    const kind = await watch.until(isThere, deadline - performance.now());
    if (kind !== "tour") return kind ?? (watch.screen.kind === "input" ? "page" : watch.screen.kind);
    watch.note("Turning a page of the welcome tour.");
    const page = watch.text;
    await watch.during(client.sendMessage({ type: "raw", content: tourKey(page) ?? " " }));
    await watch.until(() => watch.text !== page || undefined, 2_000);
  }
  return "tour";
}

/**
 * Whether the input box gets the keys although a question is on the screen, as Amp's question about a workspace's MCP
 * servers does on a thread that it continues, and does not on a new one (seen with 0.0.1790142911). The key is one that
 * answers nothing, and is taken back.
 */
async function takesKeys(watch: AgentWatch, client: AgentApiClient): Promise<boolean> {
  if (watch.screen.typed !== "") return false;
  await watch.during(client.sendMessage({ type: "raw", content: "." }));
  const isTaken = await watch.until(() => watch.screen.typed === "." || undefined, TYPED_WITHIN_MS);
  if (!isTaken) return false;
  await watch.during(client.sendMessage({ type: "raw", content: "\u007f" }));
  return (await watch.until(() => watch.screen.typed === "" || undefined, TYPED_WITHIN_MS)) === true;
}

/** A prompt that was sent before: on the thread that Amp has loaded it stands, or it never arrived. */
async function lookForEarlier({ watch, prompt, times }: Attempt): Promise<Delivery | undefined> {
  await watch.until(() => watch.restedMs >= 1_500 || undefined, times.stableMs);
  if (timesSaid(watch.screen, prompt) > 0) return { state: "delivered", how: "earlier" };
  const isWholeThread = watch.text.split("\n", 1)[0]?.trim() === "";
  return isWholeThread ? undefined : { state: "unconfirmed" };
}

/** @returns undefined if nothing was sent and another try may do better */
async function sendThroughBox(attempt: Attempt, isLast: boolean): Promise<Delivery | undefined> {
  const { client, watch, prompt } = attempt;
  const isStable = await becomesStable(attempt);
  // A question may have come up meanwhile: Enter would answer it.
  if (!hasBox(attempt)) return undefined;
  if (isStable) {
    attempt.onSending();
    try {
      await watch.during(client.sendMessage({ type: "user", content: prompt }));
      watch.note("AgentAPI has typed it as a chat message.");
      return confirmed(attempt, "chat");
    } catch (error) {
      if (!(error instanceof AgentApiError)) throw error;
      watch.note(`AgentAPI does not take the chat message: ${reasonOf(error)}.`);
      // Either nothing was typed, or it was and AgentAPI missed its effect: the screen tells.
      const isTyped = () => watch.screen.typed !== "" || isThere(attempt) || undefined;
      if (await watch.until(isTyped, TYPED_WITHIN_MS)) return confirmed(attempt, "typed");
      if (!isLast) return undefined;
    }
  }
  attempt.onSending();
  await paste(attempt);
  await watch.until(() => watch.screen.typed !== "" || undefined, ENTER_AGAIN_AFTER_MS);
  await enter(attempt);
  return confirmed(attempt, "typed");
}

/** Below a rule instead of in a box: only what is seen to appear there is entered. */
async function typeOnLine(attempt: Attempt): Promise<Delivery> {
  const { watch, prompt, times } = attempt;
  await paste(attempt);
  const isEchoed = await watch.until(() => echoes(watch.text, prompt) || undefined, ENTER_AGAIN_AFTER_MS);
  if (!isEchoed) return { state: "blocked", by: "page" };
  attempt.onSending();
  const before = watch.text;
  await enter(attempt);
  const isTaken = await watch.until(
    () => isThere(attempt) || (watch.text !== before && watch.restedMs > 200) || undefined,
    times.confirmMs,
  );
  return isTaken ? { state: "delivered", how: "typed" } : { state: "unconfirmed" };
}

/** Waits until AgentAPI takes a chat message. */
export async function becomesStable(attempt: Reachable): Promise<boolean> {
  const { client, watch, times } = attempt;
  const deadline = performance.now() + times.stableMs;
  while (performance.now() < deadline && hasBox(attempt)) {
    try {
      const { status } = await watch.during(client.status({ timeoutMs: 2_000 }));
      if (status === "stable") return true;
    } catch (error) {
      if (!(error instanceof AgentApiError)) throw error;
    }
    await watch.during(sleep(50));
  }
  return false;
}

/**
 * Waits for the proof, which is Amp's transcript; if that does not come, Amp's own list. What stays in the box without
 * its Enter gets another one.
 */
async function confirmed(attempt: Attempt, how: "chat" | "typed"): Promise<Delivery> {
  const { watch, times } = attempt;
  const deadline = performance.now() + times.confirmMs;
  const isShown = () => isSaid(attempt) || undefined;
  const isStuck = () => (watch.screen.typed !== "" && watch.restedMs > 500 ? "stuck" : undefined);
  const patience = Math.min(ENTER_AGAIN_AFTER_MS, times.confirmMs / 2);
  let found = await watch.until(() => isShown() ?? isStuck(), patience);
  if (found === "stuck" && hasBox(attempt)) {
    watch.note("The prompt stands in the box without its Enter: giving it another one.");
    await enter(attempt);
  }
  if (found !== true) found = await watch.until(isShown, patience);
  if (found !== true)
    found = await watch.until(() => isThere(attempt) || undefined, Math.max(0, deadline - performance.now()));
  watch.note(found === true ? "Amp shows the prompt as said." : "Amp does not show the prompt.");
  return found === true ? { state: "delivered", how } : { state: "unconfirmed" };
}

interface Reachable extends Pick<DeliveryOptions, "client" | "watch"> {
  times: DeliveryTimes;
  isBehindDialog?: boolean;
}

function hasBox({ watch, isBehindDialog = false }: Pick<Reachable, "watch" | "isBehindDialog">): boolean {
  return watch.screen.kind === "input" || (isBehindDialog && watch.screen.kind === "dialog");
}

function isSaid({ watch, prompt, before }: Attempt): boolean {
  return timesSaid(watch.screen, prompt) > before;
}

function isThere(attempt: Attempt): boolean {
  return isSaid(attempt) || attempt.history.hasNew(attempt.prompt);
}

async function paste({ client, watch, prompt }: Attempt): Promise<void> {
  await watch.during(client.sendMessage({ type: "raw", content: pasted(prompt) }));
}

async function enter({ client, watch }: Attempt): Promise<void> {
  await watch.during(client.sendMessage({ type: "raw", content: "\r" }));
}
