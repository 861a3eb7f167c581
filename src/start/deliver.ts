import { setTimeout as sleep } from "node:timers/promises";
import type { AgentApiClient } from "../agentapi/client.ts";
import { until } from "../agentapi/wait.ts";
import { trimWhitespace, withoutPasteEnd } from "./prompt.ts";

const STABLE_TIMEOUT_MS = 30_000;

/** Sends a further message to an agent that has taken one before; waits until it has finished with what it does. */
export async function sendMessage(client: AgentApiClient, prompt: string): Promise<void> {
  await until(client, (event) => event.event === "status_change" && event.data.status === "stable", {
    timeoutMs: STABLE_TIMEOUT_MS,
  });
  await client.sendMessage({ type: "user", content: trimWhitespace(prompt) });
}

/**
 * Types the prompt into the agent's terminal, as a bracketed paste with Enter behind it: for a screen whose input box
 * AgentAPI does not find. Such a message stands in no conversation history.
 */
export async function typePrompt(client: AgentApiClient, prompt: string): Promise<void> {
  const text = withoutPasteEnd(prompt);
  await client.sendMessage({ type: "raw", content: `\u001b[200~${text}\u001b[201~` });
  await sleep(500);
  await client.sendMessage({ type: "raw", content: "\r" });
}
