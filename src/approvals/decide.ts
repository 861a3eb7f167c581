import { approvalsLog, tooLate } from "../acp/approvals.ts";
import type { ApprovalDialog, Decision } from "../amp/approval-dialog.ts";
import { ModuleError } from "../base/errors.ts";
import { createRedact } from "../base/redact.ts";
import { findServer } from "../chat/server.ts";
import type { Context } from "../context.ts";
import { askStreamAgent } from "./stream.ts";
import { answerOnScreen, giveReason, questionOnScreen, refuseOnScreen, wantsReason } from "./terminal.ts";

/** A tool call that waits for a person. */
export interface Question {
  number: number;
  tool: string;
  title: string;
  /** In milliseconds since the epoch; undefined if Amp does not tell. */
  since?: number;
}

export interface Answer {
  /** Which question; the oldest if it is not given. */
  number: number | undefined;
  decision: Decision;
  reason: string;
}

/** What Amp's terminal does not name when it asks for the reason. */
const REFUSED_BEFORE = { tool: "?", title: "what was refused before; Amp waits for the reason" };

/** The questions that wait, oldest first; Amp's terminal shows one at a time. @throws ModuleError */
export async function openQuestions(context: Context): Promise<readonly Question[]> {
  const { client } = await findServer(context);
  const { config, paths } = context;
  if (config.transport === "stream") return (await askStreamAgent(paths.acpState, { verb: "list" })).open;
  const shown = await questionOnScreen(client);
  if (shown) return [{ number: 1, tool: shown.tool, title: shown.title }];
  return (await wantsReason(client)) ? [{ number: 1, ...REFUSED_BEFORE }] : [];
}

/** A question that was answered. */
export interface Answered extends Pick<Question, "tool" | "title"> {
  /** Amp asks for the reason once it has no other question. */
  isReasonOwed?: boolean;
}

/** Answers a question, and writes it down. @throws ModuleError if there is none such */
export async function decide(context: Context, { number, decision, reason }: Answer): Promise<Answered> {
  const { client } = await findServer(context);
  const { config, paths } = context;
  if (config.transport === "stream") {
    const request = { verb: "answer", number, decision, reason } as const;
    const { answered } = await askStreamAgent(paths.acpState, request);
    return answered ?? nothingWaits(number);
  }
  const shown = await questionOnScreen(client);
  if (number !== undefined && number !== 1) return nothingWaits(number);
  if (shown) {
    const isReasonOwed = !(await answerOnScreen(client, shown, decision, reason));
    record(context, `${decision} (terminal)`, shown);
    return { tool: shown.tool, title: shown.title, isReasonOwed };
  }
  if (decision !== "no" || !(await wantsReason(client))) return nothingWaits(number);
  await giveReason(client, reason || "No reason was given.");
  return REFUSED_BEFORE;
}

/**
 * Refuses what Amp's terminal asks, since nobody has answered in time, and what waits behind it. The stream agent counts
 * the time itself.
 *
 * @returns what was refused
 */
export async function refuseLate(context: Context): Promise<Answered[]> {
  const { config } = context;
  if (config.transport === "stream") return [];
  const { client } = await findServer(context);
  const refused: Answered[] = [];
  await refuseOnScreen(client, tooLate(1000 * config.approval_timeout), (shown) => {
    const { tool, title } = shown ?? REFUSED_BEFORE;
    record(context, "no (time limit)", { tool, title });
    refused.push({ tool, title });
  });
  return refused;
}

function record(
  { paths, env }: Context,
  answer: string,
  { tool, title }: Pick<ApprovalDialog, "tool" | "title">,
): void {
  approvalsLog(paths.approvalsLog, createRedact(env))(`${answer}: ${tool}: ${title}`);
}

function nothingWaits(number: number | undefined): never {
  throw new ModuleError(
    number === undefined ? "Amp asks for nothing at the moment." : `There is no question ${number}.`,
    "See `amp-module approvals`.",
  );
}
