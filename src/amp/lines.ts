const LF = 10;
const CR = 13;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** One line without its line end. `number` counts every line from 1, empty ones too. */
export interface Line {
  number: number;
  /** The line's text; empty if the line was longer than the limit. */
  text: string;
  /** Bytes of a line that was too long to be kept. */
  droppedBytes?: number;
}

/**
 * Cuts bytes into lines, wherever the cuts between chunks are. It looks for the byte LF, which is never part of a
 * longer UTF-8 sequence, and decodes whole lines only. A line over the limit is counted and dropped, so one bad line
 * cannot take all memory. Empty lines are left out.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #number = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in `chunk`. */
  *push(chunk: Uint8Array): Generator<Line> {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      this.#keep(chunk.subarray(start, end));
      start = end + 1;
      const line = this.#take();
      if (line) yield line;
    }
    this.#keep(chunk.subarray(start));
  }

  /** What is left when the stream ends: a last line without a line end. */
  *flush(): Generator<Line> {
    if (this.#bytes === 0) return;
    const line = this.#take();
    if (line) yield line;
  }

  /** The beginning of the line that has not ended yet: programs that wait for input print such a line. */
  pendingText(): string {
    return Buffer.concat(this.#parts).subarray(0, 4096).toString();
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#bytes += part.length;
    if (this.#bytes <= this.#maxBytes) this.#parts.push(part);
    else this.#parts = [];
  }

  #take(): Line | undefined {
    const bytes = this.#bytes;
    const parts = this.#parts;
    this.#bytes = 0;
    this.#parts = [];
    this.#number += 1;
    const number = this.#number;
    if (bytes > this.#maxBytes) return { number, text: "", droppedBytes: bytes };
    const text = decode(parts, number === 1);
    return text.trim() === "" ? undefined : { number, text };
  }
}

function decode(parts: Uint8Array[], isFirst: boolean): string {
  const only = parts.length === 1 ? parts[0] : undefined;
  const joined = only ? Buffer.from(only.buffer, only.byteOffset, only.byteLength) : Buffer.concat(parts);
  // The parts are a copy of the line: let them go before the text doubles it again.
  parts.length = 0;
  const begin = isFirst && joined.subarray(0, 3).equals(BOM) ? 3 : 0;
  const end = joined.at(-1) === CR ? joined.length - 1 : joined.length;
  return joined.toString("utf8", begin, end);
}
