import type { ContentBlock, PromptResponse, SessionUpdate } from "@agentclientprotocol/sdk";
import type { Decision } from "../amp/approval-dialog.ts";
import type { Approvals, OpenQuestion } from "./approvals.ts";
import { chunk } from "./updates.ts";

/** Updates that are kept while nobody listens; of more the oldest go. */
const MAX_HELD = 2_000;
/** Questions are counted from 1. */
const NONE = 0;

export interface DialogueOptions {
  approvals: Approvals;
  deliver: (update: SessionUpdate) => Promise<void>;
  /** Resolves when all that was delivered has arrived. */
  flush: () => Promise<void>;
  /** Runs a turn of Amp's to its end. */
  run: (blocks: readonly ContentBlock[], signal: AbortSignal) => Promise<PromptResponse>;
  /** Called when a message has reached Amp as an answer. */
  onTaken: () => void;
  /** Called when Amp works on while nobody listens. @returns false if the chat does not hear of it */
  callBack: (text: string) => Promise<boolean>;
}

/**
 * A chat in which questions are asked: the turn of the client ends with the question, while that of Amp waits; the next
 * message is the answer, and what Amp does then is its reply.
 */
export class Dialogue {
  readonly #options: DialogueOptions;
  /** Amp's turn that goes on over several messages, and what ends it. */
  #running: { response: Promise<PromptResponse>; isOver: boolean; signal: AbortController } | undefined;
  #held: SessionUpdate[] = [];
  #isListening = false;
  #asked = () => {};
  /** Number of the question that the last message ended with. */
  #shown: number | undefined;
  /** What this side says to the chat in order to be listened to. */
  #calls = new Set<string>();

  constructor(options: DialogueOptions) {
    this.#options = options;
  }

  /** Sends an update, or keeps it until somebody listens. */
  async send(update: SessionUpdate): Promise<void> {
    if (this.#isListening) return await this.#options.deliver(update);
    this.#held.push(update);
    if (this.#held.length > MAX_HELD) this.#held.shift();
  }

  /** To be called when a question comes up. */
  ask(): void {
    this.#asked();
  }

  /** A question was answered elsewhere, or by nobody: makes the chat listen again. */
  async answered(text: string): Promise<void> {
    if (this.#isListening) return;
    this.#calls.add(text);
    if (!(await this.#options.callBack(text))) this.#calls.delete(text);
  }

  /** Handles one message of the client. */
  async prompt(blocks: readonly ContentBlock[], signal: AbortSignal): Promise<PromptResponse> {
    const said = blocks
      .map((block) => (block.type === "text" ? block.text : ""))
      .join("\n")
      .trim();
    await this.#listen();
    try {
      const { approvals } = this.#options;
      const shown = this.#shown;
      this.#shown = undefined;
      if (this.#calls.delete(said)) return await this.#goOn(signal);
      const answer = answerIn(said);
      if (approvals.open.length > 0) {
        // A bare answer is to what the chat has shown; another question may have come since.
        const number = answer?.number ?? shown ?? NONE;
        const isThere = approvals.answer(number, answer?.decision ?? "no", "chat", answer ? "" : said);
        if (isThere) this.#options.onTaken();
        else await this.#say(number === NONE ? "Another question waits:" : `Question ${number} is not open.`);
        return await this.#goOn(signal);
      }
      if (shown !== undefined && answer) {
        await this.#say("Nothing waits for an answer any more.");
        return await this.#goOn(signal);
      }
      const running = this.#running;
      // Amp works on what was answered elsewhere: one after the other.
      if (running && !running.isOver) {
        const response = await this.#goOn(signal);
        if (this.#shown !== undefined || response.stopReason === "cancelled") return response;
      }
      return await this.#begin(blocks, signal);
    } finally {
      await this.#options.flush();
      this.#isListening = false;
    }
  }

  /** Ends the turn that nobody listens to. Resolves when it has ended. */
  async cancel(): Promise<void> {
    this.#running?.signal.abort();
    await this.#running?.response.catch(() => {});
  }

  async #begin(blocks: readonly ContentBlock[], signal: AbortSignal): Promise<PromptResponse> {
    const own = new AbortController();
    const running = { response: this.#options.run(blocks, own.signal), isOver: false, signal: own };
    const over = () => {
      running.isOver = true;
    };
    running.response.then(over, over);
    this.#running = running;
    return await this.#goOn(signal);
  }

  /** Listens to Amp until its turn ends or it asks. */
  async #goOn(signal: AbortSignal): Promise<PromptResponse> {
    const running = this.#running;
    const { approvals } = this.#options;
    const stop = () => running?.signal.abort();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      for (;;) {
        const asked = new Promise<undefined>((resolve) => {
          this.#asked = () => resolve(undefined);
          if (approvals.open.length > 0) resolve(undefined);
        });
        const response = running ? await Promise.race([running.response, asked]) : undefined;
        if (response || !running) {
          this.#running = undefined;
          return response ?? { stopReason: "end_turn" };
        }
        const [question, ...more] = approvals.open;
        // It was answered by the time: Amp works on.
        if (!question) continue;
        await this.#say(questionText(question, more.length));
        this.#shown = question.number;
        return { stopReason: "end_turn", _meta: { amp: { waitingFor: question } } };
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async #listen(): Promise<void> {
    this.#isListening = true;
    const held = this.#held;
    this.#held = [];
    for (const update of held) await this.#options.deliver(update);
  }

  async #say(text: string): Promise<void> {
    await this.#options.deliver(chunk("agent_message_chunk", `${text}\n`));
  }
}

/** The question as a person reads it. */
function questionText({ number, tool, title }: OpenQuestion, more: number): string {
  const others = more > 0 ? ` (${more} more ${more === 1 ? "question waits" : "questions wait"})` : "";
  return (
    `**Question ${number}${others}:** Amp wants to run \`${title}\` (${tool}). Reply yes, no, always, or say what to do ` +
    'instead. "always" counts for exactly this call, until the agent ends.'
  );
}

/** A bare answer, with the question's number if it has one; undefined for anything else. */
function answerIn(said: string): { decision: Decision; number: number | undefined } | undefined {
  const [, word = "", number] = said.match(/^(yes|y|no|n|always)(?:\s+#?(\d+))?[.!]?$/i) ?? [];
  const decision = ({ y: "yes", a: "always", n: "no" } as const)[word.charAt(0).toLowerCase()];
  return decision && { decision, number: number === undefined ? undefined : Number(number) };
}
