import { rmSync } from "node:fs";
import * as z from "zod/mini";
import { readTextIfExists, writeFileAtomic } from "../base/atomic-file.ts";
import { promptDigest } from "./prompt.ts";

const schema = z.object({
  /** Digest of the prompt. */
  prompt: z.string(),
  /** The Amp thread that it went to; null if Amp opens one by itself. */
  thread: z.nullable(z.string()),
  /** `sending` until it is seen to have arrived. */
  state: z.enum(["sending", "delivered"]),
  /** Through the chat, typed into the terminal, or as the stream agent's first message. */
  how: z.optional(z.string()),
});

/** What is known of the last prompt that Amp was given, as kept in `state/delivery.json`. */
export type DeliveryRecord = z.infer<typeof schema>;

/** @returns `unreadable` for a damaged one: something was sent, and nobody knows what */
export function readDelivery(path: string): DeliveryRecord | "unreadable" | undefined {
  try {
    const text = readTextIfExists(path);
    return text === undefined ? undefined : schema.parse(JSON.parse(text));
  } catch {
    return "unreadable";
  }
}

/** Keeps the record of one prompt on its way to one thread. */
export class DeliveryNote {
  readonly #path: string;
  readonly #prompt: string;
  readonly #thread: () => string | undefined;

  /** @param thread the thread by the time of the question: the stream agent's has a name only with Amp's answer */
  constructor(path: string, prompt: string, thread: () => string | undefined) {
    this.#path = path;
    this.#prompt = promptDigest(prompt);
    this.#thread = thread;
  }

  /** From here on a start that is killed leaves the question open. */
  sending(): void {
    this.#write({ state: "sending" });
  }

  delivered(how: string): void {
    this.#write({ state: "delivered", how });
  }

  /** It has not been sent after all. */
  notSent(): void {
    rmSync(this.#path, { force: true });
  }

  #write(rest: Pick<DeliveryRecord, "state" | "how">): void {
    const record = { prompt: this.#prompt, thread: this.#thread() ?? null, ...rest };
    writeFileAtomic(this.#path, JSON.stringify(record));
  }
}

/**
 * What the record says about giving a prompt to a conversation that continues.
 *
 * @param thread the conversation's thread, undefined if that is unknown
 */
export function whatIsLeft(
  record: DeliveryRecord | "unreadable" | undefined,
  prompt: string,
  thread: string | undefined,
): "send" | "doubtful" | "nothing" {
  if (prompt === "") return "nothing";
  if (record === "unreadable") return "doubtful";
  if (record?.prompt !== promptDigest(prompt)) return "send";
  // The stream agent's new thread has its name before it has the prompt.
  if (record.thread !== null && record.thread !== thread) return "send";
  return record.state === "delivered" ? "nothing" : "doubtful";
}
