import { threadUrl } from "../amp/thread-id.ts";
import { reasonOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Context } from "../context.ts";
import { statusClient } from "./client.ts";
import { Reporter } from "./reporter.ts";
import { WORDS } from "./words.ts";

/** An install that is over sooner needs no word. */
const WORTH_MS = 2_000;
/** How long the end of a command waits for Coder, if there is something to say. */
const FINISH_MS = 3_000;

type Reporting = Pick<Context, "config" | "env" | "redact">;

/** Reports what the module itself does, since Amp does not run yet or no longer. Nobody waits for it but an end. */
export class CommandStatus {
  readonly #reporter: Reporter;
  readonly #uri: string;
  #timer: NodeJS.Timeout | undefined;

  /** @param thread that the conversation is on, if it is known */
  constructor({ config, env, redact }: Reporting, thread: string | undefined, log: (line: string) => void) {
    const isWanted = config.status_reports === "plugin";
    this.#reporter = new Reporter(
      isWanted ? statusClient({ app: config.status_app, env, redact, log }) : undefined,
    );
    this.#uri = thread === undefined ? "" : threadUrl(thread, env);
  }

  /** @returns the same context, whose logs' progress is reported, too */
  installing<T extends Pick<Context, "openLog">>(context: T): T {
    this.#timer = setTimeout(() => this.#say("working", WORDS.installing), WORTH_MS);
    this.#timer.unref();
    const openLog: Context["openLog"] = (...args) => this.#watched(context.openLog(...args));
    return { ...context, openLog };
  }

  installed(): void {
    clearTimeout(this.#timer);
    // Amp tells the rest; if it does not, no spinner stays.
    if (this.#reporter.hasReported) this.#say("idle", WORDS.installed);
  }

  failed(error: unknown): void {
    clearTimeout(this.#timer);
    const [first = ""] = reasonOf(error).split("\n");
    this.#say("failure", first);
  }

  stopped(): void {
    this.#say("idle", WORDS.stopped);
  }

  /** Waits for what is still to be said. */
  async finish(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#reporter.finish(FINISH_MS);
  }

  #say(state: "working" | "idle" | "failure", message: string): void {
    this.#reporter.report({ state, message, uri: this.#uri });
  }

  #watched(log: Log): Log {
    return {
      ...log,
      tell: (text, mark) => {
        log.tell(text, mark);
        if (mark === "…") this.#say("working", `Installing ${text}`);
      },
    };
  }
}
