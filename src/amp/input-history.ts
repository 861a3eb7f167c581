import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** No prompt is longer: the start script that carries it has at most 128 KiB. */
const LONGEST = 1024 * 1024;

/**
 * Amp's own list of what was submitted in its input box, `history.jsonl` in its data folder: a JSON object with `text`
 * on each line (seen with 0.0.1790142911). It is written at once, network or not. The same text twice in a row stands
 * there once.
 */
export class InputHistory {
  readonly #path: string;
  #from: number;

  /** Remembers how long the list is now. */
  constructor(path: string) {
    this.#path = path;
    this.#from = read(path, 0).size;
  }

  /** Whether a text was submitted since. False if there is no such list, too. */
  hasNew(text: string): boolean {
    const { size, tail } = read(this.#path, this.#from);
    if (size === this.#from) return false;
    // Amp shortens a list that has become long by writing it anew.
    const lines = size > this.#from ? tail : read(this.#path, 0).tail;
    return lines.split("\n").some((line) => textOf(line) === text.trim());
  }
}

function read(path: string, from: number): { size: number; tail: string } {
  const nothing = { size: 0, tail: "" };
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return nothing;
  }
  try {
    const { size } = fstatSync(file);
    const start = Math.max(from, size - LONGEST);
    const bytes = Buffer.alloc(Math.max(0, size - start));
    return { size, tail: bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.length, start)) };
  } catch {
    return nothing;
  } finally {
    closeSync(file);
  }
}

function textOf(line: string): string | undefined {
  try {
    const { text } = JSON.parse(line) as { text?: unknown };
    return typeof text === "string" ? text.trim() : undefined;
  } catch {
    return undefined;
  }
}
