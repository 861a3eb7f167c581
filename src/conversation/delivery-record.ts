import { rmSync } from "node:fs";
import * as z from "zod/mini";
import { readTextIfExists, writeFileAtomic } from "../base/atomic-file.ts";
import { promptDigest } from "./prompt.ts";

const schema = z.object({
  /** Digest of the prompt. */
  prompt: z.string(),
  /** The Amp thread that it went to; null where Amp opens one by itself. */
  thread: z.nullable(z.string()),
  /** `sending` until it is seen to have arrived. */
  state: z.enum(["sending", "delivered"]),
  /** Through the chat, typed into the terminal, or as the stream agent's first message. */
  how: z.optional(z.string()),
});

/** What is known of the last prompt that Amp was given, as kept in `state/delivery.json`. */
export type DeliveryRecord = z.infer<typeof schema>;

export function readDelivery(path: string): DeliveryRecord | undefined {
  try {
    return schema.parse(JSON.parse(readTextIfExists(path) ?? "null"));
  } catch {
    return undefined;
  }
}

/** Keeps the record of one prompt on its way to one thread. */
export class DeliveryNote {
  readonly #path: string;
  readonly #prompt: string;
  readonly #thread: string | null;

  constructor(path: string, prompt: string, thread: string | undefined) {
    this.#path = path;
    this.#prompt = promptDigest(prompt);
    this.#thread = thread ?? null;
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
    writeFileAtomic(this.#path, JSON.stringify({ prompt: this.#prompt, thread: this.#thread, ...rest }));
  }
}

/**
 * What the record says about giving a prompt to a conversation that continues.
 *
 * @param thread the conversation's thread, undefined where that is unknown
 */
export function whatIsLeft(
  record: DeliveryRecord | undefined,
  prompt: string,
  thread: string | undefined,
): "send" | "doubtful" | "nothing" {
  if (prompt === "") return "nothing";
  if (record?.prompt !== promptDigest(prompt)) return "send";
  // The stream agent names a new thread with Amp's first answer: then the prompt has arrived.
  if (record.thread === null && thread !== undefined) return "nothing";
  if (record.thread !== (thread ?? null)) return "send";
  return record.state === "delivered" ? "nothing" : "doubtful";
}
