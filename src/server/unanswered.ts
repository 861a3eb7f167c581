import { readFileSync, statSync } from "node:fs";
import { writeFileAtomic } from "../base/atomic-file.ts";

/** What AgentAPI 0.12 calls an Amp screen without any text. */
const EMPTY_SCREEN = "Welcome to Amp";
/** A first message with nothing behind it is short; a long conversation is not read for this. */
const READ_BYTES = 1024 ** 2;

interface SavedChat {
  messages: { role: string; message: string }[];
}

/**
 * Lets a chat continue that was saved before its first answer. AgentAPI waits behind a user's message until the agent shows
 * something else than before it, for ever if both are an empty screen, and refuses every message meanwhile (seen with
 * 0.12.1). So the earlier text is made another one.
 *
 * @param path AgentAPI's state file
 */
export function letUnansweredContinue(path: string): void {
  const chat = readChat(path);
  if (chat?.messages.at(-1)?.role !== "user") return;
  const earlier = chat.messages.findLast(({ role }) => role === "agent");
  if (earlier?.message !== EMPTY_SCREEN) return;
  earlier.message += ".";
  writeFileAtomic(path, `${JSON.stringify(chat)}\n`);
}

/** Undefined if there is none, or none to look into. */
function readChat(path: string): SavedChat | undefined {
  try {
    if (statSync(path).size > READ_BYTES) return undefined;
    const state = JSON.parse(readFileSync(path, "utf8")) as Partial<SavedChat>;
    return Array.isArray(state.messages) ? { ...state, messages: state.messages } : undefined;
  } catch {
    return undefined;
  }
}
