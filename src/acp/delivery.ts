import { setTimeout as sleep } from "node:timers/promises";
import { type AgentContext, methods, type SessionUpdate } from "@agentclientprotocol/sdk";
import type { AgentApiEcho, EchoState } from "./agentapi-echo.ts";

/** Longer text goes in several chunks: AgentAPI reads lines of at most 10 MB. */
const MAX_CHUNK = 256 * 1024;
/** Updates that wait to be sent before the sender is asked to wait too. */
const MAX_WAITING = 64;
/** A client that does not even refuse an unknown method within this time is not asked again. */
const SYNC_TIMEOUT_MS = 2_000;
const SYNC_METHOD = "_amp/sync";
/** How long an update may take until AgentAPI shows it. It is there within milliseconds. */
const ECHO_TIMEOUT_MS = 2_000;
/** For a client without an echo: round trips and rest after an update before the next, and before a turn's answer. */
const REST = { between: { roundTrips: 2, ms: 40 }, last: { roundTrips: 4, ms: 100 } };

export interface DeliveryOptions {
  /** Send the next update only when the client has handled the last. */
  isPaced: boolean;
  /** Shows what the client has handled, if it can be known. */
  echo: Pick<AgentApiEcho, "state" | "connected" | "changed"> | undefined;
  /** Ends with the connection. */
  signal: AbortSignal;
}

/**
 * Sends a session's updates, in order, joining text that waits.
 *
 * AgentAPI (v0.12.1) handles each notification on a goroutine of its own: two that are sent at once may swap, and one
 * that is handled after the prompt's answer is dropped. ACP acknowledges no notification. So for such a client the
 * next update, and the turn's answer, wait until the last one shows in AgentAPI's own events (`echo`): nothing swaps
 * and nothing is dropped. Without an echo there is only time: the client must answer a request that follows the
 * update, even with "method not found", so it has read the update by then; a rest lets its goroutine finish.
 */
export class Delivery {
  readonly #client: AgentContext;
  readonly #sessionId: string;
  readonly #signal: AbortSignal;
  readonly #echo: DeliveryOptions["echo"];
  /** Kinds of updates that did not show. */
  readonly #silent = new Set<string>();
  #isPaced: boolean;
  #mayBeOnTheWay = false;
  #waiting: SessionUpdate[] = [];
  #sending: Promise<void> | undefined;

  constructor(client: AgentContext, sessionId: string, options: DeliveryOptions) {
    this.#client = client;
    this.#sessionId = sessionId;
    this.#isPaced = options.isPaced;
    this.#echo = options.echo;
    this.#signal = options.signal;
  }

  /** Queues an update; waits only if too many are queued. */
  async send(update: SessionUpdate): Promise<void> {
    for (const part of split(update)) {
      const last = this.#waiting.at(-1);
      const joined = last && join(last, part);
      if (joined) this.#waiting[this.#waiting.length - 1] = joined;
      else this.#waiting.push(part);
    }
    this.#sending ??= this.#run();
    if (this.#waiting.length >= MAX_WAITING) await this.#sending;
  }

  /** Resolves when the client has handled everything. */
  async flush(): Promise<void> {
    while (this.#sending) await this.#sending;
    if (this.#mayBeOnTheWay) await this.#rest(REST.last);
    this.#mayBeOnTheWay = false;
  }

  async #run(): Promise<void> {
    // The caller continues first, so that updates which come together are joined.
    await Promise.resolve();
    try {
      for (
        let update = this.#waiting.shift();
        update && !this.#signal.aborted;
        update = this.#waiting.shift()
      ) {
        // Before it is connected the echo's state is not AgentAPI's.
        const isHeard = this.#isPaced && (await this.#echo?.connected()) === true;
        const before = isHeard ? this.#echo?.state : undefined;
        await this.#client.notify(methods.client.session.update, { sessionId: this.#sessionId, update });
        if (this.#isPaced && isShown(update)) await this.#handled(update.sessionUpdate, before);
      }
    } catch {
      // The connection is gone: whoever reads from it learns that by itself.
      this.#waiting = [];
    } finally {
      this.#sending = undefined;
    }
  }

  async #handled(kind: string, before: EchoState | undefined): Promise<void> {
    if (this.#echo && before !== undefined && !this.#silent.has(kind)) {
      if (await this.#echo.changed(before, ECHO_TIMEOUT_MS)) return;
      // Another AgentAPI may not show this kind: do not wait for it again.
      this.#silent.add(kind);
    }
    this.#mayBeOnTheWay = true;
    await this.#rest(REST.between);
  }

  async #rest({ roundTrips, ms }: { roundTrips: number; ms: number }): Promise<void> {
    for (let trip = 0; trip < roundTrips && this.#isPaced; trip += 1) {
      const answered = this.#client.request(SYNC_METHOD, {}).then(
        () => true,
        () => true,
      );
      const timeout = new AbortController();
      const late = sleep(SYNC_TIMEOUT_MS, false, { signal: timeout.signal, ref: false }).catch(() => false);
      if (!(await Promise.race([answered, late]))) this.#isPaced = false;
      timeout.abort();
    }
    await sleep(ms);
  }
}

/** Whether AgentAPI puts the update into its message. */
function isShown(update: SessionUpdate): boolean {
  if (update.sessionUpdate === "agent_message_chunk" || update.sessionUpdate === "tool_call") return true;
  return update.sessionUpdate === "tool_call_update" && Boolean(update.status);
}

type Chunk = Extract<
  SessionUpdate,
  { sessionUpdate: "agent_message_chunk" | "agent_thought_chunk" | "user_message_chunk" }
>;

function textOf(update: SessionUpdate): { update: Chunk; text: string } | undefined {
  if (!("content" in update) || !update.sessionUpdate.endsWith("_chunk")) return undefined;
  const chunk = update as Chunk;
  return chunk.content.type === "text" ? { update: chunk, text: chunk.content.text } : undefined;
}

/** Two chunks of the same text as one, or undefined if they are not that. */
function join(first: SessionUpdate, second: SessionUpdate): SessionUpdate | undefined {
  const [a, b] = [textOf(first), textOf(second)];
  if (!a || !b || a.update.sessionUpdate !== b.update.sessionUpdate) return undefined;
  if (JSON.stringify(a.update._meta) !== JSON.stringify(b.update._meta)) return undefined;
  if (a.text.length + b.text.length > MAX_CHUNK) return undefined;
  return { ...a.update, content: { type: "text", text: a.text + b.text } };
}

function split(update: SessionUpdate): SessionUpdate[] {
  const chunk = textOf(update);
  if (!chunk || chunk.text.length <= MAX_CHUNK) return [update];
  const parts: SessionUpdate[] = [];
  for (let begin = 0; begin < chunk.text.length; ) {
    let end = Math.min(begin + MAX_CHUNK, chunk.text.length);
    // Never between the two halves of one character.
    if (end < chunk.text.length && /[\ud800-\udbff]/.test(chunk.text.charAt(end - 1))) end -= 1;
    parts.push({ ...chunk.update, content: { type: "text", text: chunk.text.slice(begin, end) } });
    begin = end;
  }
  return parts;
}
