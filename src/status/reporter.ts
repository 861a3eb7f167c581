import type { Send } from "./client.ts";
import type { Status } from "./status.ts";

/** Coder is told at most once in this time. */
const PAUSE_MS = 2_000;
/** Events that come together make one report. */
const SETTLE_MS = 100;

/**
 * Reports a status beside the work: nobody waits for Coder, and it does not keep a process. At most one report in two
 * seconds, the last one always.
 */
export class Reporter {
  readonly #send: Send | undefined;
  readonly #stop = new AbortController();
  #sent = "";
  #next: Status | undefined;
  #timer: NodeJS.Timeout | undefined;
  #notBefore = 0;
  #flying: Promise<void> | undefined;

  /** @param send undefined: there is nobody to report to, and nothing is done */
  constructor(send: Send | undefined) {
    this.#send = send;
  }

  /** Whether anything was reported. */
  get hasReported(): boolean {
    return this.#sent !== "" || this.#next !== undefined;
  }

  report(status: Status): void {
    if (this.#send === undefined || this.#stop.signal.aborted) return;
    this.#next = status;
    this.#schedule();
  }

  /** Sends what is still to be sent, in its time, and ends. Takes no longer than `ms`. */
  async finish(ms: number): Promise<void> {
    const deadline = performance.now() + ms;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    while ((this.#next || this.#flying) && performance.now() < deadline) {
      await Promise.race([this.#flying ?? sleep(20), late]);
    }
    // It would keep the process to the deadline.
    clearTimeout(timer);
    clearTimeout(this.#timer);
    this.#stop.abort();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#flying !== undefined) return;
    const waitMs = Math.max(SETTLE_MS, this.#notBefore - performance.now());
    this.#timer = setTimeout(() => this.#fly(), waitMs);
    this.#timer.unref();
  }

  #fly(): void {
    this.#timer = undefined;
    const status = this.#next;
    this.#next = undefined;
    const text = JSON.stringify(status);
    if (!status || !this.#send || text === this.#sent) return;
    this.#sent = text;
    this.#notBefore = performance.now() + PAUSE_MS;
    this.#flying = this.#send(status, this.#stop.signal).then(() => {
      this.#flying = undefined;
      if (this.#next) this.#schedule();
    });
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
