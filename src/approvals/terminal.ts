import { setTimeout as sleep } from "node:timers/promises";
import type { AgentApiClient } from "../agentapi/client.ts";
import {
  type ApprovalDialog,
  type Decision,
  ENTER,
  keysFor,
  readApproval,
  readFeedback,
} from "../amp/approval-dialog.ts";
import { pasted } from "../amp/paste.ts";
import { ModuleError } from "../base/errors.ts";

/** Amp has drawn its answer to a key by then. */
const DRAWN_MS = 3_000;
/** Amp takes keys that come at once for a paste. */
const BETWEEN_KEYS_MS = 100;
const ESCAPE = "\u001b";

/** The question that Amp's terminal shows, or undefined if there is none. */
export async function questionOnScreen(client: AgentApiClient): Promise<ApprovalDialog | undefined> {
  return readApproval(await screenOf(client));
}

/** Whether Amp wants to know what to do instead of what was refused. */
export async function wantsReason(client: AgentApiClient): Promise<boolean> {
  return readFeedback(await screenOf(client)) !== undefined;
}

/**
 * Answers the question that Amp's terminal shows, by its keys.
 *
 * @param expected what is answered: another question is left alone
 * @param reason what Amp is to do instead, for `no`
 * @returns false if Amp asks for the reason later, once it has no other question
 * @throws ModuleError if another question is there, or Amp does not take the answer
 */
export async function answerOnScreen(
  client: AgentApiClient,
  expected: ApprovalDialog,
  answer: Decision,
  reason: string,
): Promise<boolean> {
  const type = (content: string) => client.sendMessage({ type: "raw", content });
  const shown = await questionOnScreen(client);
  if (!shown || !isSame(shown, expected)) throw changed();
  const isSilentNo = answer === "no" && reason === "";
  for (const key of isSilentNo ? [ESCAPE] : keysFor(shown, answer)) {
    if (key === ENTER) {
      // Enter counts for what is chosen by then: it is looked at once more.
      const now = await until(client, (screen) => isChosen(readApproval(screen), expected, answer));
      if (!now) throw changed();
    }
    await type(key);
    await sleep(BETWEEN_KEYS_MS);
  }
  const hasReason = answer === "no" && !isSilentNo;
  let asksWhy = false;
  const isTaken = await until(client, (screen) => {
    const next = readApproval(screen);
    asksWhy = readFeedback(screen) !== undefined;
    return asksWhy || (next ? !isSame(next, expected) : !hasReason);
  });
  if (!isTaken) throw changed();
  if (hasReason && asksWhy) await giveReason(client, reason);
  return !hasReason || asksWhy;
}

/** Says what Amp is to do instead, where Amp asks for that. @throws ModuleError */
export async function giveReason(client: AgentApiClient, reason: string): Promise<void> {
  await client.sendMessage({ type: "raw", content: pasted(reason) });
  if (!(await until(client, (screen) => readFeedback(screen)))) throw changed();
  await sleep(BETWEEN_KEYS_MS);
  await client.sendMessage({ type: "raw", content: ENTER });
  // The next one's box may follow at once.
  if (!(await until(client, (screen) => !readFeedback(screen)))) throw changed();
}

/**
 * Refuses all that Amp's terminal asks, one after the other, also what somebody has begun to refuse.
 *
 * @param onRefused gets each; undefined if the screen does not tell what it was
 * @throws ModuleError as `answerOnScreen`
 */
export async function refuseOnScreen(
  client: AgentApiClient,
  reason: string,
  onRefused: (question: ApprovalDialog | undefined) => void,
): Promise<void> {
  let owed = 0;
  for (;;) {
    const screen = await screenOf(client);
    const shown = readApproval(screen);
    if (shown) {
      if (!(await answerOnScreen(client, shown, "no", reason))) owed += 1;
      onRefused(shown);
    } else if (readFeedback(screen) !== undefined) {
      await giveReason(client, reason);
      if (owed > 0) owed -= 1;
      else onRefused(undefined);
    } else return;
  }
}

function isSame(one: ApprovalDialog, other: ApprovalDialog): boolean {
  return one.tool === other.tool && one.title === other.title;
}

function isChosen(dialog: ApprovalDialog | undefined, expected: ApprovalDialog, answer: Decision) {
  return dialog !== undefined && isSame(dialog, expected) && keysFor(dialog, answer).length === 1;
}

function changed(): ModuleError {
  return new ModuleError(
    "Amp's screen does not show the question any more, or did not take the answer.",
    "Look with `amp-module approvals`, or answer in the terminal app.",
  );
}

/** Watches the screen until it is as wanted. @returns false if it is not in time */
async function until(client: AgentApiClient, isTrue: (screen: string) => unknown): Promise<boolean> {
  const signal = AbortSignal.timeout(DRAWN_MS);
  try {
    for await (const screen of client.screens({ signal })) if (isTrue(screen)) return true;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return false;
}

async function screenOf(client: AgentApiClient): Promise<string> {
  for await (const screen of client.screens({ idleTimeoutMs: DRAWN_MS })) return screen;
  return "";
}
