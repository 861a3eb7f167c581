import { setTimeout as sleep } from "node:timers/promises";
import type { AgentApiClient } from "../agentapi/client.ts";
import { AgentApiError } from "../agentapi/errors.ts";
import { isLoginPrompt } from "../amp/diagnose.ts";
import { type AmpScreen, hasReachedServer, readScreen } from "../amp/screen.ts";

/** How long AgentAPI may take to go once its stream is closed: it gives open connections 5 s and its agent 5 s more. */
const DYING_MS = 12_000;
const LOOK_EVERY_MS = 20;
/** A page that is drawn in several steps is whole by then. */
const DRAWN_MS = 300;
/** Between two tries to open the stream again. */
const REOPEN_AFTER_MS = 50;

/** Thrown if the agent cannot come up, with its last screen as evidence. */
export class NotReady extends Error {
  constructor(
    readonly screen: string,
    /** How the process ended, such as `exit code 1`; undefined while it runs. */
    readonly ending: string | undefined,
  ) {
    super("the agent did not become ready");
  }
}

export interface WatchOptions {
  client: AgentApiClient;
  /** Settles when AgentAPI's process ends; never for one that somebody else started. */
  ended?: Promise<string>;
  /** How long a broken stream may stay so; 12 s unless given. */
  dyingMs?: number;
  /** Gets each kind of screen that comes up. */
  debug?: (text: string) => void;
}

/** Rejects when AgentAPI's process ends; nobody need listen. */
export function deathOf(ended: Promise<string>, screen: () => string = () => ""): Promise<never> {
  const death = ended.then((ending): never => {
    throw new NotReady(screen(), ending);
  });
  death.catch(() => {});
  return death;
}

/** What `look` finds on the agent's screen, which is followed for so long. */
export async function watching<Found>(
  options: WatchOptions,
  look: (watch: AgentWatch) => Promise<Found>,
): Promise<Found> {
  const watch = new AgentWatch(options);
  try {
    return await look(watch);
  } finally {
    watch.close();
  }
}

/**
 * The agent's screen, followed from AgentAPI's stream until `close`. The one stream stays open for as long as anybody
 * looks, and its end counts as the agent's until it comes back: AgentAPI closes it at once, but takes seconds to go.
 */
export class AgentWatch {
  /** The screen's lines as AgentAPI has them. */
  text = "";
  screen: AmpScreen = readScreen("");
  /** When the screen had something on it for the first time, by `performance.now()`. */
  drawnAt: number | undefined;
  #changedAt = performance.now();
  #isOpen = false;
  #failure: unknown;
  #reached = () => {};
  readonly #hasReached = new Promise<void>((resolve) => {
    this.#reached = resolve;
  });
  readonly #stop = new AbortController();
  readonly #death: Promise<never>;
  readonly #debug: (text: string) => void;
  readonly #openedAt = performance.now();

  constructor({ client, ended = new Promise(() => {}), dyingMs = DYING_MS, debug = () => {} }: WatchOptions) {
    this.#debug = debug;
    this.#death = deathOf(ended, () => this.text);
    void this.#follow(client, dyingMs);
  }

  /** For how long nothing has changed on the screen, in milliseconds. */
  get restedMs(): number {
    return performance.now() - this.#changedAt;
  }

  close(): void {
    this.#stop.abort();
  }

  /** A step of whoever looks at the screen, with the time since the watch began. */
  note(text: string): void {
    this.#debug(`${text} (${Math.round(performance.now() - this.#openedAt)} ms)`);
  }

  /**
   * The first thing that `look` finds, asked again and again; undefined after `timeoutMs`.
   *
   * @throws NotReady if the process ends or asks for a login; AgentApiError if it lives and does not answer
   */
  async until<Found>(look: () => Found | undefined, timeoutMs: number): Promise<Found | undefined> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      if (this.#failure) throw this.#failure;
      if (this.#isOpen) {
        if (this.#asksForLogin()) throw new NotReady(this.text, undefined);
        const found = look();
        if (found !== undefined) return found;
      }
      if (performance.now() >= deadline) return undefined;
      await this.during(sleep(LOOK_EVERY_MS));
    }
  }

  /** What `work` comes to, unless the agent's process ends before. @throws NotReady */
  during<Result>(work: Promise<Result>): Promise<Result> {
    work.catch(() => {});
    return Promise.race([work, this.#death]);
  }

  /**
   * Resolves when the agent has lived for so long since its first screen, or is seen to have reached its server, and still
   * lives. @throws NotReady
   */
  async livedFor(ms: number): Promise<void> {
    const since = this.drawnAt ?? performance.now();
    const over = new AbortController();
    const wait = Math.max(0, since + ms - performance.now());
    try {
      await this.during(Promise.race([sleep(wait, undefined, over), this.#hasReached]));
    } finally {
      over.abort();
    }
    await this.until(() => true, DYING_MS);
  }

  /** Once the question is drawn to its end: it is the evidence. */
  #asksForLogin(): boolean {
    return this.screen.kind === "page" && this.restedMs >= DRAWN_MS && isLoginPrompt(this.text);
  }

  async #follow(client: AgentApiClient, dyingMs: number): Promise<void> {
    const { signal } = this.#stop;
    let lastSeen = performance.now();
    while (!signal.aborted) {
      let reason: unknown;
      try {
        for await (const text of client.screens({ signal })) {
          lastSeen = performance.now();
          this.#isOpen = true;
          this.#show(text);
        }
      } catch (error) {
        reason = error;
      }
      if (signal.aborted) return;
      // A waiting agent is silent for as long as it likes.
      const isSilence = reason instanceof AgentApiError && reason.kind === "timeout" && this.#isOpen;
      if (!isSilence) this.#isOpen = false;
      const isHopeless = reason instanceof AgentApiError && reason.kind === "http";
      if (isHopeless || performance.now() - lastSeen > dyingMs) {
        this.#failure = reason ?? new Error("AgentAPI closes the stream of screens again and again");
        return;
      }
      await sleep(REOPEN_AFTER_MS);
    }
  }

  #show(text: string): void {
    if (text === this.text && this.drawnAt !== undefined) return;
    const before = this.screen.kind;
    this.text = text;
    this.screen = readScreen(text);
    if (this.screen.kind !== before) this.note(`Screen: ${this.screen.kind}.`);
    if (hasReachedServer(this.screen)) this.#reached();
    this.#changedAt = performance.now();
    if (this.screen.kind !== "blank") this.drawnAt ??= performance.now();
  }
}
