import type { PromptResponse, StopReason } from "@agentclientprotocol/sdk";
import type { AmpError } from "../amp/errors.ts";
import type { AssistantEvent, ResultEvent, Usage } from "../amp/events.ts";

/** A turn that begins. */
export function newTurn(): Turn {
  return {
    stopReason: "end_turn",
    model: undefined,
    usage: undefined,
    messages: 0,
    begin: performance.now(),
    denials: [],
    result: undefined,
    failure: undefined,
  };
}

/** What is known of one turn. */
export interface Turn {
  stopReason: StopReason;
  model: string | undefined;
  /** Of the last message: each one's counts all that went before. */
  usage: Usage | undefined;
  /** Messages of the model's. */
  messages: number;
  begin: number;
  /** Tool calls that were refused. */
  denials: unknown[];
  result: ResultEvent | undefined;
  /** The first result that told of one. */
  failure: AmpError | undefined;
}

const STOP_REASONS: Record<string, StopReason> = { max_tokens: "max_tokens", refusal: "refusal" };

/** Takes note of a message of the main conversation. */
export function noteMessage(turn: Turn, { message }: AssistantEvent): void {
  turn.stopReason = STOP_REASONS[message.stop_reason ?? ""] ?? "end_turn";
  turn.model = message.model ?? turn.model;
  turn.usage = message.usage ?? turn.usage;
  turn.messages += 1;
}

/** The answer to the client. What a result tells is the whole process's, if there is one at all: it is counted here. */
export function responseOf(turn: Turn, threadId: string | undefined): PromptResponse {
  const { stopReason, model, usage, messages, begin, denials, result } = turn;
  const amp = {
    threadId,
    model,
    usage: usage ?? result?.usage,
    turns: messages,
    durationMs: Math.round(performance.now() - begin),
    permissionDenials: result?.permission_denials ?? denials,
  };
  const isMaxTurns = result?.subtype === "error_max_turns";
  return { stopReason: isMaxTurns ? "max_turn_requests" : stopReason, _meta: { amp } };
}
