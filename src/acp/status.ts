import type { AnyMessage, Stream } from "@agentclientprotocol/sdk";
import { threadUrl } from "../amp/thread-id.ts";
import type { Redact } from "../base/redact.ts";
import { statusClient } from "../status/client.ts";
import { STATUS_APP } from "../status/environment.ts";
import { Reporter } from "../status/reporter.ts";
import { Threads } from "../status/threads.ts";
import { failure, toolWords } from "../status/words.ts";

/**
 * The connection as it is, with everything that passes reported to Coder: this agent is to AgentAPI what Amp's plugin is
 * in a terminal. Without the environment of the module's own agent nothing is reported.
 */
export function reported(
  stream: Stream,
  env: NodeJS.ProcessEnv,
  redact: Redact,
  log: (line: string) => void,
): Stream {
  const reporter = new Reporter(statusClient({ app: env[STATUS_APP] ?? "", env, redact, log }));
  const observer = new Observer(env);
  const see = (message: AnyMessage, isSent: boolean) => {
    // Each side counts its requests by itself: an answer of the client's has nothing to do with a turn of that number.
    if (!isSent && !("method" in message)) return;
    try {
      const status = observer.see(message as Message) && observer.threads.status();
      if (status) reporter.report(status);
    } catch (error) {
      log(`Status: ${redact(String(error))}`);
    }
  };
  return {
    readable: stream.readable.pipeThrough(passing((message) => see(message, false))),
    writable: writing(stream.writable, (message) => see(message, true)),
  };
}

/** The parts of a message that tell of a turn. */
interface Message {
  id?: string | number | null;
  method?: string;
  params?: {
    sessionId?: string;
    update?: {
      sessionUpdate?: string;
      name?: string;
      rawInput?: unknown;
      title?: string;
      content?: { text?: string };
    };
    toolCall?: { title?: string };
  };
  result?: { sessionId?: string; stopReason?: string; _meta?: { amp?: Meta } };
  error?: { message?: string };
}

/** What our agent tells of a turn beyond the protocol. */
interface Meta {
  threadId?: string;
  error?: unknown;
}

/** Sees a conversation's turns in the messages of both directions. */
class Observer {
  /** By session; there is one conversation under AgentAPI. */
  readonly threads: Threads;
  readonly #openings = new Set<Message["id"]>();
  readonly #turns = new Map<Message["id"], string>();
  readonly #amps = new Map<string, string>();
  /** What was said last, which in a turn that failed is the reason. */
  #said = "";

  constructor(env: NodeJS.ProcessEnv) {
    this.threads = new Threads((session) => {
      const thread = this.#amps.get(session);
      return thread === undefined ? "" : threadUrl(thread, env);
    });
  }

  /** @returns whether it tells of anything */
  see(message: Message): boolean {
    const { id, method, params: { sessionId = "", update, toolCall } = {} } = message;
    switch (method) {
      case undefined:
        return this.#answered(message);
      case "session/new":
      case "session/load":
      case "session/resume":
        this.#openings.add(id);
        return false;
      case "session/prompt":
        this.#turns.set(id, sessionId);
        this.threads.turnBegan(sessionId);
        return true;
      case "session/request_permission":
        this.threads.asked(sessionId, toolCall?.title);
        return true;
    }
    if (update?.sessionUpdate === "agent_message_chunk") this.#said = update.content?.text ?? "";
    if (update?.sessionUpdate !== "tool_call") return false;
    this.threads.toolCalled(sessionId, toolWords(update.name ?? update.title ?? "", update.rawInput));
    return true;
  }

  #answered({ id, result, error }: Message): boolean {
    const { threadId, error: failed } = result?._meta?.amp ?? {};
    const turn = this.#turns.get(id);
    const session = turn ?? result?.sessionId;
    if (session !== undefined && threadId) this.#amps.set(session, threadId);
    if (this.#openings.delete(id)) {
      if (session !== undefined) this.threads.opened(session);
      return session !== undefined;
    }
    if (turn === undefined) return false;
    this.#turns.delete(id);
    if (error || failed) this.threads.turnEnded(turn, "error", failure(error?.message ?? this.#said));
    else this.threads.turnEnded(turn, result?.stopReason === "cancelled" ? "cancelled" : "done");
    return true;
  }
}

function passing(see: (message: AnyMessage) => void): TransformStream<AnyMessage, AnyMessage> {
  return new TransformStream({
    transform(message, controller) {
      see(message);
      controller.enqueue(message);
    },
  });
}

/** Each write is done when the other end's is, as without us. */
function writing(
  writable: WritableStream<AnyMessage>,
  see: (message: AnyMessage) => void,
): WritableStream<AnyMessage> {
  const writer = writable.getWriter();
  return new WritableStream({
    write(message) {
      see(message);
      return writer.write(message);
    },
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  });
}
