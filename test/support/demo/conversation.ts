import type { AgentApiClient } from "../../../src/agentapi/client.ts";

export interface ConversationEvents {
  /** A message in its final form: the agent's once it rests, the user's at once. */
  onMessage(role: string, text: string): void;
  signal: AbortSignal;
}

/**
 * Follows a conversation until its agent has answered a user's message and rests.
 *
 * @returns the answer
 * @throws AgentApiError where AgentAPI goes away; the abort reason of the signal
 */
export async function followUntilAnswered(
  client: AgentApiClient,
  { onMessage, signal }: ConversationEvents,
): Promise<string> {
  const texts = new Map<number, { role: string; text: string }>();
  const shown = new Set<number>();
  const show = (id: number) => {
    const message = texts.get(id);
    if (!message || shown.has(id) || message.text === "") return;
    shown.add(id);
    onMessage(message.role, message.text);
  };
  for await (const event of client.events({ signal })) {
    if (event.event === "message_update") {
      const { id, role, message } = event.data;
      // The terminal pads its lines with spaces to its width.
      texts.set(id, { role, text: message.replace(/[ \t]+$/gm, "").trim() });
      if (role === "user") {
        // Whatever the agent said before has its final form now.
        for (const earlier of [...texts.keys()].filter((key) => key < id)) show(earlier);
        show(id);
      }
    }
    if (event.event === "agent_error") onMessage("error", JSON.stringify(event.data));
    if (event.event !== "status_change" || event.data.status !== "stable") continue;
    const answer = answerIn(texts);
    if (answer === undefined) continue;
    for (const id of texts.keys()) show(id);
    return answer;
  }
  throw new Error("AgentAPI ended the conversation before there was an answer");
}

/** The agent's text after the last message of the user. */
function answerIn(texts: ReadonlyMap<number, { role: string; text: string }>): string | undefined {
  const ordered = [...texts.entries()].sort(([a], [b]) => a - b).map(([, message]) => message);
  const asked = ordered.findLastIndex(({ role }) => role === "user");
  const last = ordered.at(-1);
  return asked >= 0 && last?.role === "agent" && last.text !== "" ? last.text : undefined;
}
