import type { SessionUpdate, ToolCallUpdate } from "@agentclientprotocol/sdk";
import { chunk } from "./updates.ts";

/** A call that runs for longer is told before it has ended. */
const LONG_MS = 3_000;
/** Lines of a failed call's output that are shown. */
const SHOWN_LINES = 5;
const MAX_LINE = 200;
const MARKS = { completed: "[x]", in_progress: "[ ]", pending: "[ ]" } as const;

/**
 * Says everything as text, for a chat that shows nothing but text: AgentAPI (v0.12.1) makes two bare lines of a tool call
 * and leaves out what it did, the plan, and which of several calls has ended.
 */
export class Chat {
  readonly #say: (update: SessionUpdate) => void;
  readonly #open = new Map<string, { title: string; timer: NodeJS.Timeout }>();
  #last: "nothing" | "text" | "line" = "nothing";
  #endsLine = true;
  #plan = "";

  /** @param say for what is to be said without an event of Amp's */
  constructor(say: (update: SessionUpdate) => void) {
    this.#say = say;
  }

  /** Begins an answer of its own. */
  begin(): void {
    this.#last = "nothing";
    this.#endsLine = true;
  }

  /** An update as the chat gets it. */
  shown(update: SessionUpdate): SessionUpdate[] {
    switch (update.sessionUpdate) {
      case "agent_message_chunk":
        return update.content.type === "text" ? [this.#text(update.content.text)] : [update];
      case "tool_call":
        this.#begin(update.toolCallId, update.title);
        return [];
      case "tool_call_update":
        return this.#end(update);
      case "plan":
        return this.#planned(update.entries);
      default:
        return [];
    }
  }

  #begin(id: string, title: string): void {
    const titles = [...this.#open.values()].map((call) => call.title);
    let own = title;
    for (let number = 2; titles.includes(own); number += 1) own = `${title} (${number})`;
    const timer = setTimeout(() => this.#say(this.#line(`… ${own}`)), LONG_MS);
    this.#open.set(id, { title: own, timer });
  }

  #end({ toolCallId, status, content }: ToolCallUpdate): SessionUpdate[] {
    const call = this.#open.get(toolCallId);
    if (!call || (status !== "completed" && status !== "failed")) return [];
    clearTimeout(call.timer);
    this.#open.delete(toolCallId);
    if (status === "completed") return [this.#line(`✓ ${call.title}`)];
    const output = (content ?? []).flatMap((part) =>
      part.type === "content" && part.content.type === "text" ? part.content.text : [],
    );
    return [this.#line([`✗ ${call.title}`, ...firstLines(output.join("\n"))].join("\n"))];
  }

  #planned(entries: readonly { content: string; status: keyof typeof MARKS }[]): SessionUpdate[] {
    const lines = entries.map(
      ({ content, status }) =>
        `- ${MARKS[status]} ${content.replace(/\s+/g, " ")}${status === "in_progress" ? " (now)" : ""}`,
    );
    const plan = ["Plan:", ...lines].join("\n");
    if (plan === this.#plan) return [];
    this.#plan = plan;
    return [this.#line(plan)];
  }

  #line(text: string): SessionUpdate {
    const before = this.#last === "text" ? (this.#endsLine ? "\n" : "\n\n") : "";
    this.#last = "line";
    this.#endsLine = true;
    return chunk("agent_message_chunk", `${before}${text}\n`);
  }

  #text(text: string): SessionUpdate {
    const before = this.#last === "line" && !text.startsWith("\n") ? "\n" : "";
    this.#last = "text";
    this.#endsLine = text.endsWith("\n");
    return chunk("agent_message_chunk", before + text);
  }
}

function firstLines(output: string): string[] {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const shown = lines.slice(0, SHOWN_LINES).map((line) => `    ${line.slice(0, MAX_LINE)}`);
  const rest = lines.length - shown.length;
  return rest > 0 ? [...shown, `    … (${rest} more lines)`] : shown;
}
