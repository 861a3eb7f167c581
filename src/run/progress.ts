import { type AmpEvent, isBlock } from "../amp/events.ts";
import { describeTool } from "../amp/tools.ts";
import { onOneLine } from "../base/harmless.ts";

/** Tells on a terminal which tool Amp uses, in which turn, after how long. Silent elsewhere. */
export class Progress {
  readonly #stream: NodeJS.WritableStream & { isTTY?: boolean };
  readonly #begin = performance.now();
  #turn = 0;
  #thread: string | undefined;

  constructor(stream: NodeJS.WritableStream & { isTTY?: boolean }) {
    this.#stream = stream;
  }

  note(event: AmpEvent): void {
    if (event.type === "system") this.#thread = event.session_id;
    if (event.type !== "assistant") return;
    if (!event.parent_tool_use_id) this.#turn += 1;
    for (const block of event.message.content) {
      if (isBlock(block, "tool_use"))
        this.#say(`${block.name}: ${describeTool(block.name, block.input).title}`);
    }
  }

  end(): void {
    this.#say(`done${this.#thread ? `, thread ${this.#thread}` : ""}`);
  }

  #say(text: string): void {
    if (!this.#stream.isTTY) return;
    const seconds = ((performance.now() - this.#begin) / 1000).toFixed(0);
    this.#stream.write(`\u001b[2m· ${onOneLine(text)} (turn ${this.#turn}, ${seconds} s)\u001b[22m\n`);
  }
}
