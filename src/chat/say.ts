import { AgentApiError } from "../agentapi/errors.ts";
import type { AgentApiEvent } from "../agentapi/events.ts";
import { ModuleError, reasonOf } from "../base/errors.ts";
import { harmless } from "../base/harmless.ts";
import type { Context } from "../context.ts";
import { cancelTurn } from "./cancel.ts";
import { AnswerPrinter, tidy } from "./printer.ts";
import { findServer } from "./server.ts";
import { takeTurn } from "./turn.ts";

export interface SayOptions {
  context: Context;
  text: string;
  /** Where the answer goes, as it grows. */
  write: (text: string) => void;
  /** What a person should know besides. */
  note: (text: string) => void;
  onEvent?: (event: AgentApiEvent) => void;
  /** The first abort cancels the turn. */
  cancel: AbortSignal;
}

/**
 * Says something to Amp and prints the answer.
 *
 * @returns the answer, and whether the turn was cancelled
 * @throws ModuleError if it cannot be said
 */
export async function say(options: SayOptions): Promise<{ answer: string; isCancelled: boolean }> {
  const { context, text, write, onEvent = () => {}, cancel } = options;
  const { client, status } = await findServer(context);
  if (status.state === "asking") {
    throw new ModuleError(
      "The message was not sent: Amp shows a question on its screen, which it would answer.",
      "Run `amp-module attach` in a terminal, or open the terminal app, and answer it.",
    );
  }
  const isScreen = context.config.transport === "terminal";
  const printer = new AnswerPrinter(write, isScreen);
  const note = (line: string) => options.note(printer.isMidLine ? `\n${line}` : line);
  const leave = new AbortController();
  let isSent = false;
  const onCancel = () => {
    // What has not been sent needs no cancelling.
    if (!isSent) return leave.abort(new ModuleError("The message was not sent.", "Send it again."));
    note("Cancelling…");
    findServer(context)
      .then((server) => cancelTurn(context, server))
      .then((wasAtWork) => wasAtWork || note("Amp is not at work any more."))
      .catch((error: unknown) => note(`The turn could not be cancelled: ${reasonOf(error)}`));
  };
  cancel.addEventListener("abort", onCancel, { once: true });
  try {
    const answer = await takeTurn({
      ...{ client, text, onEvent, signal: leave.signal },
      onWait: () => note("Amp is at work on something else: waiting for it. Ctrl-C leaves."),
      onSend: () => {
        isSent = true;
      },
      onAnswer: (grown) => printer.update(grown),
      onFault: (message) => note(harmless(message)),
    });
    printer.finish(answer);
    const after = isScreen ? (await findServer(context)).status.state : "ready";
    if (after === "asking") note("Amp asks something on its screen: answer it with `amp-module attach`.");
    return { answer: tidy(answer), isCancelled: cancel.aborted };
  } catch (cause) {
    if (!(cause instanceof AgentApiError)) throw cause;
    throw new ModuleError(cause.message, "See what became of it: `amp-module status`.", { cause });
  } finally {
    cancel.removeEventListener("abort", onCancel);
  }
}
