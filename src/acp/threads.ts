import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { threadId } from "../amp/thread-id.ts";

/**
 * Which Amp thread a session continues. A session of the client exists before Amp has a thread for it, so both ids
 * are kept: one small file for each session, and one for the last thread if the caller wants to know it.
 */
export class ThreadStore {
  readonly #folder: string;
  readonly #lastFile: string | undefined;

  /**
   * @param folder for the sessions' files
   * @param lastFile gets `{"threadId": "T-…"}` whenever a thread is used
   */
  constructor(folder: string, lastFile?: string) {
    this.#folder = folder;
    this.#lastFile = lastFile;
  }

  remember(sessionId: string, thread: string): void {
    replace(this.#fileOf(sessionId), { threadId: thread });
    if (this.#lastFile) replace(this.#lastFile, { threadId: thread });
  }

  /** The thread of a session that was remembered, or of an id that is a thread's own. */
  find(sessionId: string): string | undefined {
    try {
      return threadId(sessionId);
    } catch {
      return read(this.#fileOf(sessionId));
    }
  }

  /** The last thread that was used. */
  last(): string | undefined {
    return this.#lastFile && read(this.#lastFile);
  }

  #fileOf(sessionId: string): string {
    // Ids come from the client: only those that were made here can be a file's name.
    return join(this.#folder, /^[\w-]+$/.test(sessionId) ? `${sessionId}.json` : "none");
  }
}

function read(path: string): string | undefined {
  try {
    const { threadId: thread } = JSON.parse(readFileSync(path, "utf8")) as { threadId?: unknown };
    return typeof thread === "string" ? threadId(thread) : undefined;
  } catch {
    return undefined;
  }
}

function replace(path: string, value: object): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(value), { mode: 0o600 });
  renameSync(temporary, path);
}
