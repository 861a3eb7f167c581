import { harmless } from "../base/harmless.ts";

/**
 * Prints an answer while it grows. In the stream transport it only grows; read off a screen, it may be drawn anew: then
 * a line is printed once two looks in a row found it the same, with another one below it.
 */
export class AnswerPrinter {
  readonly #write: (text: string) => void;
  readonly #isScreen: boolean;
  #shown = "";
  #last = "";

  constructor(write: (text: string) => void, isScreen: boolean) {
    this.#write = write;
    this.#isScreen = isScreen;
  }

  /** Whether the last thing printed was no whole line. */
  get isMidLine(): boolean {
    return this.#shown !== "" && !this.#shown.endsWith("\n");
  }

  /** The whole answer so far. */
  update(text: string): void {
    const now = tidy(text);
    this.#extend(this.#isScreen ? settled(this.#last, now) : now);
    this.#last = now;
  }

  /** The whole answer as it was in the end. */
  finish(text: string): void {
    const final = tidy(text);
    if (!final.startsWith(this.#shown)) {
      // What was printed cannot be taken back: the rest begins with the first line that is another one.
      const same = sharedLines(this.#shown, final);
      if (!this.#shown.endsWith("\n")) this.#write("\n");
      this.#write(final.split("\n").slice(same).join("\n"));
      this.#shown = final;
    }
    this.#extend(final);
    if (this.isMidLine) this.#write("\n");
  }

  #extend(text: string): void {
    if (!text.startsWith(this.#shown)) return;
    if (text.length > this.#shown.length) this.#write(text.slice(this.#shown.length));
    this.#shown = text;
  }
}

/** Nothing that steers a terminal, and no blanks that only fill a screen's lines. */
export function tidy(text: string): string {
  return harmless(text)
    .replace(/[ \t]+$/gm, "")
    .trimStart();
}

function settled(before: string, now: string): string {
  const lines = now.split("\n");
  const same = Math.min(sharedLines(before, now), lines.length - 1);
  return lines
    .slice(0, same)
    .map((line) => `${line}\n`)
    .join("");
}

function sharedLines(a: string, b: string): number {
  const [one, other] = [a.split("\n"), b.split("\n")];
  const first = one.findIndex((line, index) => line !== other[index]);
  return first < 0 ? one.length : first;
}
