import { randomUUID } from "node:crypto";
import {
  type AgentContext,
  methods,
  type PermissionOption,
  RequestError,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
} from "@agentclientprotocol/sdk";
import { describeTool } from "../amp/tools.ts";
import type { PermissionAnswer, PermissionQuestion } from "./broker.ts";

type Kind = PermissionOption["kind"];

/**
 * Asks the client's user about one tool call. The ids of the options are drawn anew for every question, so a client
 * that answers a fixed word (AgentAPI v0.12.1 answers every question with "allow") has not shown it to anybody, and
 * its answer is no consent.
 */
export async function askClient(
  client: AgentContext,
  sessionId: string,
  { tool, input }: PermissionQuestion,
  toolCallId: string | undefined,
  signal: AbortSignal,
): Promise<PermissionAnswer & { isForSession: boolean }> {
  const { title, kind, locations } = describeTool(tool, input);
  const options = offer(tool);
  const toolCall = {
    toolCallId: toolCallId ?? randomUUID(),
    title,
    name: tool,
    kind,
    locations,
    rawInput: input,
  };
  const refused = (reason: string) => ({ isAllowed: false, reason, isForSession: false });
  try {
    const method = methods.client.session.requestPermission;
    const asking = { cancellationSignal: signal, stopWaitingOnCancel: true };
    const { outcome } = await client.request<RequestPermissionResponse, RequestPermissionRequest>(
      method,
      { sessionId, toolCall, options },
      asking,
    );
    if (outcome.outcome === "cancelled") return refused("The question was cancelled.");
    const chosen = options.find((option) => option.optionId === outcome.optionId);
    if (!chosen)
      return refused("The client answered with an option that it was not offered: nobody saw the question.");
    return {
      isAllowed: chosen.kind.startsWith("allow"),
      reason: "The user refused this tool call.",
      isForSession: chosen.kind.endsWith("always"),
    };
  } catch (error) {
    if (signal.aborted) return refused("The turn ended before an answer.");
    return refused(
      `The client could not ask: ${error instanceof RequestError ? error.message : String(error)}`,
    );
  }
}

function offer(tool: string): PermissionOption[] {
  const names: [Kind, string][] = [
    ["allow_once", "Allow"],
    ["allow_always", `Allow ${tool} in this session`],
    ["reject_once", "Reject"],
    ["reject_always", `Reject ${tool} in this session`],
  ];
  return names.map(([kind, name]) => ({ kind, name, optionId: randomUUID() }));
}
