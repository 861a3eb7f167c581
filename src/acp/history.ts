import type { SessionUpdate } from "@agentclientprotocol/sdk";
import { chunk } from "./updates.ts";

/**
 * A thread's past, from `amp threads markdown`: what stands under a heading `## User` or `## Assistant` is that one's
 * message; text without such headings is passed on as one message, so nothing is lost if Amp words it otherwise.
 */
export function historyUpdates(markdown: string): SessionUpdate[] {
  const body = markdown.replace(/^---\n[\s\S]*?\n---\n/, "");
  const parts = body.split(/^## (User|Assistant)[ \t]*$/m);
  if (parts.length === 1) return body.trim() === "" ? [] : [chunk("agent_message_chunk", body.trim())];
  const updates: SessionUpdate[] = [];
  for (let index = 1; index < parts.length; index += 2) {
    const text = parts[index + 1]?.trim() ?? "";
    const kind = parts[index] === "User" ? "user_message_chunk" : "agent_message_chunk";
    if (text !== "") updates.push(chunk(kind, text));
  }
  return updates;
}
