import type { SessionUpdate, ToolCallContent } from "@agentclientprotocol/sdk";
import { SaidTexts } from "../amp/answer.ts";
import { type AssistantEvent, isBlock, type UserEvent } from "../amp/events.ts";
import { describeTool, shellResult, type ToolDescription } from "../amp/tools.ts";

/** Longer tool output is cut: a client may refuse long messages (AgentAPI ends the connection at 10 MB). */
const MAX_TOOL_TEXT = 256 * 1024;

/**
 * Turns Amp's events of one conversation into updates for the client. It remembers open tool calls, and whether the
 * last text needs a paragraph before the next.
 */
export class Updates {
  readonly #calls = new Map<string, { name: string; input: unknown; description: ToolDescription }>();
  #said = new SaidTexts();
  #needsBreak = false;

  /** Begins a turn: its text stands for itself. */
  begin(): void {
    this.#said = new SaidTexts();
    this.#needsBreak = false;
    this.#calls.clear();
  }

  /** The id of the open call of `name` with this input, for a permission request. */
  callId(name: string, input: unknown): string | undefined {
    const wanted = JSON.stringify(input);
    const calls = [...this.#calls].reverse();
    const exact = calls.find(([, call]) => call.name === name && JSON.stringify(call.input) === wanted);
    return (exact ?? calls.find(([, call]) => call.name === name))?.[0];
  }

  ofAssistant(event: AssistantEvent): SessionUpdate[] {
    const parent = event.parent_tool_use_id ?? undefined;
    const meta = parent === undefined ? {} : { _meta: { amp: { parentToolUseId: parent } } };
    return event.message.content.flatMap((block): SessionUpdate[] => {
      if (isBlock(block, "tool_use")) return this.#toolCall(block.id, block.name, block.input, meta);
      if (isBlock(block, "thinking")) return [{ ...chunk("agent_thought_chunk", block.thinking), ...meta }];
      if (!isBlock(block, "text") || block.text === "") return [];
      // A subagent's words are not the answer, and must not be mixed into it.
      if (parent !== undefined) return [{ ...chunk("agent_thought_chunk", block.text), ...meta }];
      this.#said.add(block.text);
      return [this.text(block.text)];
    });
  }

  /** The turn's answer, if it is not what was said last. */
  answer(text: string): SessionUpdate[] {
    if (this.#said.endsWith(text)) return [];
    this.#said.add(text);
    return [this.text(text)];
  }

  /** Ends the calls that have no result: nothing more is to come in this turn. */
  closeCalls(status: "completed" | "failed"): SessionUpdate[] {
    const open = [...this.#calls];
    this.#calls.clear();
    return open.map(([toolCallId, { description }]) => {
      return { sessionUpdate: "tool_call_update", toolCallId, status, content: diffs(description) };
    });
  }

  ofUser(event: UserEvent): SessionUpdate[] {
    const { content } = event.message;
    if (typeof content === "string") return [];
    return content.flatMap((block) => this.#toolResult(isBlock(block, "unknown") ? block.block : block));
  }

  /** Text of the main conversation, as a paragraph of its own if text went before it. */
  text(text: string): SessionUpdate {
    const separated = this.#needsBreak ? `\n\n${text}` : text;
    this.#needsBreak = !text.endsWith("\n");
    return chunk("agent_message_chunk", separated);
  }

  #toolCall(toolCallId: string, name: string, input: unknown, meta: object): SessionUpdate[] {
    const description = describeTool(name, input);
    if (description.todos) return [{ sessionUpdate: "plan", entries: description.todos, ...meta }];
    this.#calls.set(toolCallId, { name, input, description });
    this.#needsBreak = false;
    const isSmall = (JSON.stringify(input)?.length ?? 0) <= MAX_TOOL_TEXT;
    return [
      {
        sessionUpdate: "tool_call",
        toolCallId,
        title: description.title,
        name,
        kind: description.kind,
        status: "in_progress",
        locations: description.locations,
        ...(isSmall && { rawInput: input, content: diffs(description) }),
        ...meta,
      },
    ];
  }

  #toolResult(block: unknown): SessionUpdate[] {
    const result = asToolResult(block);
    if (!result) return [];
    const [only] = this.#calls.keys();
    const toolCallId = result.id ?? (this.#calls.size === 1 ? only : undefined) ?? "";
    const call = this.#calls.get(toolCallId);
    // The to-do list is shown as the plan.
    if (!call) return [];
    this.#calls.delete(toolCallId);
    const shell = shellResult(result.content);
    return [
      {
        sessionUpdate: "tool_call_update",
        toolCallId,
        status: result.isError || shell?.hasFailed ? "failed" : "completed",
        content: [...diffs(call.description), ...resultContent(shell?.output ?? result.content)],
      },
    ];
  }
}

interface ToolResult {
  /** The call's id; without one it can only be the call that is open. */
  id: string | undefined;
  isError: boolean;
  content: unknown;
}

/** A tool's result of whatever shape. An odd mark of failure counts as one. */
function asToolResult(block: unknown): ToolResult | undefined {
  const { type, tool_use_id, toolUseID, is_error, content } = (block ?? {}) as Record<string, unknown>;
  if (type !== "tool_result") return undefined;
  const id = tool_use_id ?? toolUseID;
  return {
    id: typeof id === "string" || typeof id === "number" ? String(id) : undefined,
    isError: Boolean(is_error) && is_error !== "false",
    content,
  };
}

export function chunk(
  sessionUpdate: "agent_message_chunk" | "agent_thought_chunk" | "user_message_chunk",
  text: string,
): SessionUpdate {
  return { sessionUpdate, content: { type: "text", text } };
}

function diffs({ changes }: ToolDescription): ToolCallContent[] {
  return changes
    .filter(({ oldText = "", newText }) => oldText.length + newText.length <= MAX_TOOL_TEXT)
    .map(({ path, oldText, newText }) => ({ type: "diff", path, oldText: oldText ?? null, newText }));
}

function resultContent(content: unknown): ToolCallContent[] {
  if (content === undefined || content === null || content === "") return [];
  if (typeof content === "string") return [textContent(content)];
  if (Array.isArray(content)) return content.flatMap(partOfResult);
  const part = partOfResult(content);
  return part.length > 0 ? part : [textContent(JSON.stringify(content))];
}

function partOfResult(part: unknown): ToolCallContent[] {
  if (typeof part === "string") return [textContent(part)];
  const { type, text, source } = (part ?? {}) as Record<string, unknown>;
  if (type === "text" && typeof text === "string") return [textContent(text)];
  const { data, media_type: mimeType } = (source ?? {}) as { data?: unknown; media_type?: unknown };
  if (type !== "image" || typeof data !== "string" || typeof mimeType !== "string") return [];
  return data.length > 8 * MAX_TOOL_TEXT
    ? []
    : [{ type: "content", content: { type: "image", data, mimeType } }];
}

function textContent(text: string): ToolCallContent {
  const cut = text.length - MAX_TOOL_TEXT;
  const shown = cut > 0 ? `${text.slice(0, MAX_TOOL_TEXT)}\n… (${cut} more characters)` : text;
  return { type: "content", content: { type: "text", text: shown } };
}
