import { setTimeout as sleep } from "node:timers/promises";
import { requestDirectly } from "../base/http.ts";
import { readServerSentEvents } from "../base/server-sent-events.ts";

/** What was last seen of the conversation; changes with every chunk that AgentAPI took in. */
export type EchoState = string;

const RECONNECT_MS = 50;
const CONNECT_TIMEOUT_MS = 2_000;

/**
 * Listens to the AgentAPI that this agent runs under, to learn what it has taken in of what was sent to it. One
 * connection for the whole life; AgentAPI's `/messages` and `/status` cannot be asked, since v0.12.1 answers neither
 * while an ACP turn runs.
 */
export class AgentApiEcho {
  #state: EchoState = "";
  #connected = false;
  #waiting = new Set<() => void>();

  /** @param url AgentAPI's address, `http://127.0.0.1:3284` */
  constructor(url: string, signal: AbortSignal) {
    void this.#listen(new URL("/events", url), signal);
  }

  get state(): EchoState {
    return this.#state;
  }

  /** Waits for the connection. @returns false if there is none in time */
  connected(): Promise<boolean> {
    return this.#until(() => this.#connected, CONNECT_TIMEOUT_MS);
  }

  /** Waits until the conversation is another one than `since`. @returns false if it stays the same */
  changed(since: EchoState, timeoutMs: number): Promise<boolean> {
    return this.#until(() => this.#state !== since, timeoutMs);
  }

  async #until(isTrue: () => boolean, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (!isTrue()) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return false;
      let timer: NodeJS.Timeout | undefined;
      let wake = () => {};
      await new Promise<void>((resolve) => {
        wake = resolve;
        this.#waiting.add(wake);
        timer = setTimeout(resolve, leftMs);
      });
      clearTimeout(timer);
      this.#waiting.delete(wake);
    }
    return true;
  }

  async #listen(url: URL, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let leave = () => {};
      try {
        const { status, body, close } = await requestDirectly(url, { signal });
        leave = close;
        const events = status === 200 ? readServerSentEvents(body) : [];
        for await (const { event, data } of events) this.#note(event, data);
      } catch {
        // Not up yet, or gone: whoever waits has a time limit.
      }
      leave();
      this.#connected = false;
      await sleep(RECONNECT_MS, undefined, { ref: false });
    }
  }

  #note(event: string | undefined, data: string): void {
    // The first status comes after all that was said before: from here on nothing is missed.
    if (event === "status_change") this.#connected = true;
    if (event === "message_update") {
      const { id, role, message } = JSON.parse(data) as { id: number; role: string; message: string };
      if (role === "agent" && message !== "") this.#state = `${id}:${message.length}`;
    }
    for (const wake of this.#waiting) wake();
  }
}

/** Says something in AgentAPI's chat as its user would. Resolves when the agent's turn has ended. @throws Error */
export async function sayAsUser(agentApiUrl: string, content: string, signal: AbortSignal): Promise<void> {
  const { status, close } = await requestDirectly(new URL("/message", agentApiUrl), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ type: "user", content }),
    signal,
  });
  close();
  if (status >= 300) throw new Error(`AgentAPI answers HTTP ${status}`);
}
