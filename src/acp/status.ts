import type { SessionUpdate } from "@agentclientprotocol/sdk";
import { threadUrl } from "../amp/thread-id.ts";
import type { Redact } from "../base/redact.ts";
import { statusClient } from "../status/client.ts";
import { STATUS_APP } from "../status/environment.ts";
import { Reporter } from "../status/reporter.ts";
import { Threads, type TurnEnd } from "../status/threads.ts";
import { failure, toolWords } from "../status/words.ts";

/**
 * Reports to Coder what Amp does in the agent's sessions: this agent is to AgentAPI what Amp's plugin is in a terminal.
 * Without the environment of the module's own agent nothing is reported.
 */
export class AgentStatus {
  readonly #reporter: Reporter;
  readonly #threads: Threads;
  /** Amp's threads by session. */
  readonly #amps = new Map<string, string>();

  constructor(env: NodeJS.ProcessEnv, redact: Redact, log: (line: string) => void) {
    this.#reporter = new Reporter(statusClient({ app: env[STATUS_APP] ?? "", env, redact, log }));
    this.#threads = new Threads((session) => {
      const thread = this.#amps.get(session);
      return thread === undefined ? "" : threadUrl(thread, env);
    });
  }

  /** Of one session, which may be on a thread already. */
  of(session: string, thread: string | undefined): SessionStatus {
    const change = (tell: (threads: Threads) => void) => {
      tell(this.#threads);
      const status = this.#threads.status();
      if (status) this.#reporter.report(status);
    };
    const status = new SessionStatus(session, change, (used) => this.#amps.set(session, used));
    if (thread !== undefined) status.onThread(thread);
    change((threads) => threads.opened(session));
    return status;
  }
}

/** What Amp does in one session. A turn is Amp's own: it may last over several messages of the client's. */
export class SessionStatus {
  /** Tells the thread that the session is on. */
  readonly onThread: (thread: string) => void;
  readonly #session: string;
  readonly #change: (tell: (threads: Threads) => void) => void;
  #asked: string | undefined;

  constructor(
    session: string,
    change: (tell: (threads: Threads) => void) => void,
    onThread: (thread: string) => void,
  ) {
    this.#session = session;
    this.#change = change;
    this.onThread = onThread;
  }

  turnBegan(): void {
    this.#change((threads) => threads.turnBegan(this.#session));
  }

  /** An update as Amp's events tell it, before it is made into what the client shows. */
  saw(update: SessionUpdate): void {
    if (update.sessionUpdate !== "tool_call") return;
    const words = toolWords(update.name ?? update.title, update.rawInput);
    this.#change((threads) => {
      threads.toolCalled(this.#session, words);
      // Another call of the same moment waits for a person.
      if (this.#asked !== undefined) threads.asked(this.#session, this.#asked);
    });
  }

  /** The question that waits for a person, or undefined when none does any more. */
  waiting(question: { title: string } | undefined): void {
    this.#asked = question?.title;
    this.#change((threads) => {
      if (question) threads.asked(this.#session, question.title);
      else threads.answered(this.#session);
    });
  }

  /** @param reason of an error */
  turnEnded(how: TurnEnd, reason = ""): void {
    this.#change((threads) => threads.turnEnded(this.#session, how, failure(reason)));
  }
}
