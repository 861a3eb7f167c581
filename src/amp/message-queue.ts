import type { InputMessage } from "./input.ts";

/** Messages for Amp's stdin, which stays open until the queue is closed. */
export class MessageQueue implements AsyncIterable<InputMessage> {
  #waiting: InputMessage[] = [];
  #isClosed = false;
  #wake = () => {};

  get isClosed(): boolean {
    return this.#isClosed;
  }

  add(message: InputMessage): void {
    this.#waiting.push(message);
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<InputMessage> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) yield message;
      else if (this.#isClosed) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
