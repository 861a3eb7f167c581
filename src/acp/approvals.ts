import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Decision } from "../amp/approval-dialog.ts";
import { describeTool } from "../amp/tools.ts";
import type { PermissionAnswer, PermissionQuestion } from "./broker.ts";

/** A tool call that waits for a person. */
export interface OpenQuestion {
  /** Counted from 1, never used twice. */
  number: number;
  tool: string;
  /** The call in words: `git push origin main`. */
  title: string;
  /** Since when, in milliseconds since the epoch. */
  since: number;
}

/** Where an answer came from. */
export type Channel = "chat" | "terminal";

export interface ApprovalOptions {
  /** Milliseconds until a question is refused; 0 for never. */
  timeoutMs: number;
  /** Writes one decision down. */
  record: (line: string) => void;
  /** Called with all open questions whenever these change. */
  onChange: (open: readonly OpenQuestion[]) => void;
  /** Called when a question has gone without an answer, with words for whoever was asked. */
  onUnanswered: (text: string) => void;
}

interface Waiting extends OpenQuestion {
  key: string;
  settle: (answer: PermissionAnswer) => void;
  timer: NodeJS.Timeout | undefined;
}

/** The questions of one session that wait for a person, oldest first. Nothing is allowed but by an answer. */
export class Approvals {
  readonly #options: ApprovalOptions;
  readonly #always = new Set<string>();
  #waiting: Waiting[] = [];
  #count = 0;

  constructor(options: ApprovalOptions) {
    this.#options = options;
  }

  get open(): readonly OpenQuestion[] {
    return this.#waiting.map(({ number, tool, title, since }) => ({ number, tool, title, since }));
  }

  /** Waits for a person's answer. @param gone the call was given up */
  ask({ tool, input }: PermissionQuestion, gone: AbortSignal): Promise<PermissionAnswer> {
    const { title } = describeTool(tool, input);
    const key = JSON.stringify([tool, input]);
    if (this.#always.has(key)) {
      this.#record("yes", "said always before", tool, title);
      return Promise.resolve({ isAllowed: true, reason: "" });
    }
    return new Promise((settle) => {
      this.#count += 1;
      const { timeoutMs } = this.#options;
      const waiting: Waiting = {
        number: this.#count,
        tool,
        title,
        since: Date.now(),
        key,
        settle,
        timer: undefined,
      };
      const refuse = (reason: string, how: string, told: string) => {
        if (this.#settle(waiting, false, reason, "no", how)) this.#options.onUnanswered(told);
      };
      const which = `question ${waiting.number}: \`${title}\``;
      const late = () => refuse(tooLate(timeoutMs), "time limit", `Nobody has answered ${which}`);
      if (timeoutMs > 0) waiting.timer = setTimeout(late, timeoutMs);
      const leave = () =>
        refuse(
          "The turn ended before an answer.",
          "turn ended",
          `The turn has ended before an answer to ${which}`,
        );
      gone.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      if (gone.aborted) leave();
      else this.#options.onChange(this.open);
    });
  }

  /**
   * Answers a question.
   *
   * @param number which, or undefined for the oldest
   * @param reason told to the model if it is refused
   * @returns the question, undefined if there is none such
   */
  answer(
    number: number | undefined,
    decision: Decision,
    channel: Channel,
    reason = "",
  ): OpenQuestion | undefined {
    const question = this.#waiting.find((each) => number === undefined || each.number === number);
    if (!question) return undefined;
    if (decision === "always") this.#always.add(question.key);
    const why =
      reason === ""
        ? "The user refused this tool call."
        : `The user refused this tool call and says: ${reason}`;
    this.#settle(question, decision !== "no", decision === "no" ? why : "", decision, channel);
    return question;
  }

  /** @returns false if it was settled before */
  #settle(question: Waiting, isAllowed: boolean, reason: string, decision: Decision, how: string): boolean {
    if (!this.#waiting.includes(question)) return false;
    clearTimeout(question.timer);
    this.#waiting = this.#waiting.filter((each) => each !== question);
    this.#record(decision, how, question.tool, question.title);
    question.settle({ isAllowed, reason });
    this.#options.onChange(this.open);
    return true;
  }

  #record(decision: Decision, how: string, tool: string, title: string): void {
    this.#options.record(`${decision} (${how}): ${tool}: ${title}`);
  }
}

/** Writes decisions to a file that only this user reads. @param redact masks what a call's words may hold */
export function approvalsLog(file: string, redact: (text: string) => string): (line: string) => void {
  return (line) => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    appendFileSync(file, `${new Date().toISOString()} ${redact(line)}\n`, { mode: 0o600 });
  };
}

/** What the model is told if nobody answers. */
export function tooLate(timeoutMs: number): string {
  const minutes = Math.round(timeoutMs / 60_000);
  const time = minutes > 0 ? `${minutes} min` : `${timeoutMs / 1000} s`;
  return `Nobody answered within ${time}. Do not look for a way around it: say what you wanted to do and why, and ask again.`;
}
