import type { AmpEvent } from "../amp/events.ts";
import { resultError } from "../amp/run.ts";

/** Amp writes `init` also right before a result that tells of a failure: it alone is believed only after this time. */
const SETTLE_MS = 300;

/** Tells once per turn that Amp answers. */
export class FirstEvent {
  readonly #tell: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(tell: () => void) {
    this.#tell = tell;
  }

  note(event: AmpEvent): void {
    if (this.#isOver || event.type === "broken") return;
    if (event.type === "system") this.#timer ??= setTimeout(() => this.#say(), SETTLE_MS);
    else if (event.type === "result" && resultError(event)) this.end();
    else this.#say();
  }

  /** From here on nothing is told. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #say(): void {
    this.end();
    this.#tell();
  }
}
