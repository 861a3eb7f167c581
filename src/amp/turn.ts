import type { AmpEvent } from "./events.ts";

/** The longest time that setTimeout takes. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Does something after a time, 0 for never. */
export function after(ms: number, act: () => void): NodeJS.Timeout | undefined {
  return ms > 0 ? setTimeout(act, Math.min(ms, MAX_TIMEOUT_MS)) : undefined;
}

/** A turn of a conversation that runs. */
export class Turn {
  readonly done: Promise<void>;
  readonly onEvent: (event: AmpEvent) => Promise<void>;
  /** Amp has repeated the message. */
  isHeard = false;
  hasBegun = false;
  end: () => void = () => {};
  fail: (error: unknown) => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(onEvent: (event: AmpEvent) => Promise<void>) {
    this.onEvent = onEvent;
    this.done = new Promise((resolve, reject) => {
      this.end = resolve;
      this.fail = reject;
    });
    // Whoever waits for it learns of a failure; until then it is nobody's.
    this.done.catch(() => {});
  }

  /** Does something if no event comes within a time. */
  wait(ms: number, act: () => void): void {
    this.#timer = setTimeout(act, ms);
  }

  rest(): void {
    clearTimeout(this.#timer);
  }
}
