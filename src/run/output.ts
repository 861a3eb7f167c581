import { answerIn, mainTexts, SaidTexts } from "../amp/answer.ts";
import type { AmpEvent } from "../amp/events.ts";
import { harmless } from "../base/harmless.ts";

/** Writes to stdout no faster than its reader reads. */
export class Output {
  /** Fires when the reader has gone (`| head`). */
  readonly closed: AbortSignal;
  readonly #stream: NodeJS.WritableStream & { isTTY?: boolean };
  readonly #said = new SaidTexts();

  constructor(stream: NodeJS.WritableStream & { isTTY?: boolean }) {
    const controller = new AbortController();
    this.#stream = stream;
    this.closed = controller.signal;
    stream.once("error", () => controller.abort());
  }

  /** Prints the text of the main conversation, and the result if that says something else. */
  async show(event: AmpEvent): Promise<void> {
    for (const text of mainTexts(event)) await this.#paragraph(text);
    if (event.type !== "result") return;
    const answer = answerIn(event);
    if (!this.#said.endsWith(answer)) await this.#paragraph(answer);
  }

  async #paragraph(text: string): Promise<void> {
    this.#said.add(text);
    // A file or a pipe gets it as it is; a terminal would obey it.
    const shown = this.#stream.isTTY ? harmless(text) : text;
    await this.write(shown.endsWith("\n") ? shown : `${shown}\n`);
  }

  write(text: string): Promise<void> {
    if (this.closed.aborted || this.#stream.write(text)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#stream.off("drain", done);
        this.closed.removeEventListener("abort", done);
        resolve();
      };
      this.#stream.once("drain", done);
      this.closed.addEventListener("abort", done, { once: true });
    });
  }
}
