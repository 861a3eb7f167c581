import { type AmpEvent, isBlock } from "../amp/events.ts";

/** Writes to stdout no faster than its reader reads. */
export class Output {
  /** Fires when the reader has gone (`| head`). */
  readonly closed: AbortSignal;
  readonly #stream: NodeJS.WritableStream;
  #hasText = false;

  constructor(stream: NodeJS.WritableStream) {
    const controller = new AbortController();
    this.#stream = stream;
    this.closed = controller.signal;
    stream.once("error", () => controller.abort());
  }

  /** Prints the text of the main conversation; a subagent's is not the answer. */
  async show(event: AmpEvent): Promise<void> {
    if (event.type === "assistant" && !event.parent_tool_use_id) {
      for (const block of event.message.content) {
        if (isBlock(block, "text") && block.text !== "") await this.#paragraph(block.text);
      }
    }
    // An Amp that prints no messages still has its final text.
    if (event.type === "result" && !this.#hasText && event.is_error !== true && event.result) {
      await this.#paragraph(event.result);
    }
  }

  async #paragraph(text: string): Promise<void> {
    this.#hasText = true;
    await this.write(text.endsWith("\n") ? text : `${text}\n`);
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
