import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { isNoise, type LogEntry, LogReader } from "./entry.ts";

const BLOCK = 64 * 1024;

/** What is added to one log from now on: it may be cut short, replaced by a new one, removed or not there yet. */
export class FollowedLog {
  /** What stands in the file before this byte is not told: whole lines only. */
  readonly startsAt: number;
  readonly #path: string;
  #file: number | undefined;
  #at = 0;
  #rest = "";
  #decoder = new StringDecoder("utf8");
  #reader = new LogReader();

  constructor(path: string) {
    this.#path = path;
    this.#open();
    if (this.#file !== undefined) this.#at = endOfWholeLines(this.#file);
    this.startsAt = this.#at;
  }

  /** The whole lines that came since the last look. */
  next(): LogEntry[] {
    const lines = this.#read();
    // The old file is read to its end before the new one is opened.
    if (this.#isReplaced()) {
      if (this.#rest !== "") lines.push(this.#rest);
      this.close();
      this.#open();
      lines.push(...this.#read());
    }
    return lines.filter((line) => line !== "" && !isNoise(line)).map((line) => this.#reader.read(line));
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): void {
    this.#at = 0;
    this.#forget();
    try {
      this.#file = openSync(this.#path, "r");
    } catch {
      // Not there yet.
    }
  }

  #forget(): void {
    this.#rest = "";
    this.#decoder = new StringDecoder("utf8");
    this.#reader = new LogReader();
  }

  #isReplaced(): boolean {
    const now = statSync(this.#path, { throwIfNoEntry: false });
    if (now === undefined) return false;
    if (this.#file === undefined) return true;
    const { ino, dev } = fstatSync(this.#file);
    return now.ino !== ino || now.dev !== dev;
  }

  #read(): string[] {
    if (this.#file === undefined) return [];
    if (fstatSync(this.#file).size < this.#at) {
      this.#at = 0;
      this.#forget();
    }
    const lines: string[] = [];
    const block = Buffer.alloc(BLOCK);
    for (;;) {
      const length = readSync(this.#file, block, 0, BLOCK, this.#at);
      if (length === 0) return lines;
      this.#at += length;
      const parts = (this.#rest + this.#decoder.write(block.subarray(0, length))).split("\n");
      this.#rest = parts.pop() ?? "";
      lines.push(...parts);
    }
  }
}

/** The byte behind the last line that has an end; the file's size if none is near. */
function endOfWholeLines(file: number): number {
  const { size } = fstatSync(file);
  const from = Math.max(0, size - BLOCK);
  const block = Buffer.alloc(size - from);
  const newline = block.subarray(0, readSync(file, block, 0, block.length, from)).lastIndexOf(10);
  return newline < 0 ? (from === 0 ? 0 : size) : from + newline + 1;
}
