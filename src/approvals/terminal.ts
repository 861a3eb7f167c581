import { setTimeout as sleep } from "node:timers/promises";
import type { AgentApiClient } from "../agentapi/client.ts";
import {
  type ApprovalDialog,
  type Decision,
  ENTER,
  keysFor,
  readApproval,
  wantsFeedback,
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

/**
 * Answers the question that Amp's terminal shows, by its keys.
 *
 * @param expected what is answered: another question is left alone
 * @param reason what Amp is to do instead, for `no`
 * @throws ModuleError if another question is there, or Amp does not take the answer
 */
export async function answerOnScreen(
  client: AgentApiClient,
  expected: ApprovalDialog,
  answer: Decision,
  reason: string,
): Promise<void> {
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
  if (!isSilentNo && answer === "no") await giveReason(client, reason);
  const isGone = await until(client, (screen) => {
    const next = readApproval(screen);
    return !wantsFeedback(screen) && !(next && isSame(next, expected));
  });
  if (!isGone) throw changed();
}

/** Says what Amp is to do instead, where Amp asks for that. @throws ModuleError */
async function giveReason(client: AgentApiClient, reason: string): Promise<void> {
  if (!(await until(client, wantsFeedback))) throw changed();
  await client.sendMessage({ type: "raw", content: pasted(reason) });
  await sleep(BETWEEN_KEYS_MS);
  await client.sendMessage({ type: "raw", content: ENTER });
  if (!(await until(client, (screen) => !wantsFeedback(screen)))) throw changed();
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
  for (;;) {
    const screen = await screenOf(client);
    const shown = readApproval(screen);
    if (shown) await answerOnScreen(client, shown, "no", reason);
    else if (wantsFeedback(screen)) await giveReason(client, reason);
    else return;
    onRefused(shown);
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
async function until(client: AgentApiClient, isTrue: (screen: string) => boolean): Promise<boolean> {
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
