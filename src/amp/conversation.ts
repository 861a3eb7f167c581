import { AmpError } from "./errors.ts";
import { type AmpEvent, isBlock } from "./events.ts";
import { execute } from "./execute.ts";
import type { InputMessage } from "./input.ts";
import type { ExecuteOptions } from "./options.ts";

/** Without it Amp takes one message. */
const STREAM_INPUT = "--stream-json-input";
/** How long Amp may take to end by itself once its input is closed. It takes 0.1 s at rest. */
const LEAVE_MS = 2_000;
/** How long Amp may stay after it has told that it failed. */
const LINGER_MS = 10_000;
/** After a message that is neither an end nor a tool call, Amp is asked to end if nothing follows within this time. */
const CUT_SHORT_MS = 5_000;

export interface TurnOptions {
  /** Gets the turn's events, one after the other. */
  onEvent: (event: AmpEvent) => Promise<void> | void;
  /** Ends the turn, and with it Amp: it knows no other way (seen with 0.0.1790142911). */
  signal: AbortSignal;
  /** Milliseconds for this turn; 0 for no limit. */
  timeoutMs: number;
}

/**
 * One Amp process that takes message after message on one thread, so that only the first one waits for its start. A turn
 * ends with a message of the main thread that Amp marks `end_turn`: it prints a result only when its input is closed. An
 * Amp release without `--stream-json-input` takes one message, and its turn ends with the process.
 */
export class AmpConversation {
  /** Settles when Amp has gone, whatever the reason. */
  readonly ended: Promise<void>;
  readonly #stop = new AbortController();
  readonly #input = new MessageQueue();
  readonly #takesMore: boolean;
  readonly #onIdle: (event: AmpEvent) => void;
  #turn: Turn | undefined;
  #isOver = false;
  /** Whether this Amp repeats what it is told, which shows that an answer is not another message's. */
  #repeats = false;

  /**
   * @param options of the run, with a probed Amp; its own time limit counts for nothing, each turn has one
   * @param onIdle gets what comes between turns, such as what somebody says in the thread elsewhere
   */
  constructor(
    options: ExecuteOptions & Required<Pick<ExecuteOptions, "amp">>,
    onIdle: (event: AmpEvent) => void = () => {},
  ) {
    this.#takesMore = options.amp.flags.includes(STREAM_INPUT);
    this.#onIdle = onIdle;
    this.ended = this.#read({ ...options, timeoutMs: 0, signal: this.#stop.signal });
  }

  /** Whether it takes another message. */
  get isOpen(): boolean {
    return !this.#isOver && !this.#input.isClosed;
  }

  /**
   * Gives Amp a message and resolves when its turn has ended.
   *
   * @throws AmpError if Amp ends before that; it has gone then
   */
  async turn(message: InputMessage, { onEvent, signal, timeoutMs }: TurnOptions): Promise<void> {
    const turn = new Turn(onEvent);
    this.#turn = turn;
    let stopped: AmpError | undefined;
    const stop = (error: AmpError) => {
      stopped ??= error;
      this.#stop.abort();
    };
    const abort = () => stop(new AmpError("aborted", "Amp was stopped."));
    const late = () => stop(new AmpError("timeout", `Amp was not done after ${timeoutMs / 1000} s.`));
    const timer = timeoutMs > 0 ? setTimeout(late, Math.min(timeoutMs, 2 ** 31 - 1)) : undefined;
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    this.#input.add(message);
    if (!this.#takesMore) this.#input.close();
    try {
      await turn.done;
      if (stopped) throw stopped;
    } catch (error) {
      // Nobody is to meet an Amp process that still works on a turn that was given up.
      this.#stop.abort();
      await this.ended;
      throw stopped && !(error instanceof AmpError && error.kind !== "aborted") ? stopped : error;
    } finally {
      clearTimeout(timer);
      turn.rest();
      signal.removeEventListener("abort", abort);
      this.#turn = undefined;
    }
  }

  /** Ends Amp. Resolves when it has gone. */
  async close(): Promise<void> {
    this.#input.close();
    if (this.#turn) this.#stop.abort();
    const timer = setTimeout(() => this.#stop.abort(), LEAVE_MS);
    await this.ended;
    clearTimeout(timer);
  }

  async #read(options: ExecuteOptions): Promise<void> {
    try {
      for await (const event of execute(this.#input, options)) await this.#take(event);
      this.#isOver = true;
      this.#turn?.end();
    } catch (error) {
      this.#isOver = true;
      this.#turn?.fail(error);
    } finally {
      this.#isOver = true;
      this.#input.close();
    }
  }

  async #take(event: AmpEvent): Promise<void> {
    const turn = this.#turn;
    const isSuccess = event.type === "result" && event.is_error !== true && event.subtype === "success";
    if (event.type === "result") this.#leaveAfter(!isSuccess);
    if (!turn) return this.#onIdle(event);
    turn.rest();
    // Of the turn before, from an Amp that prints a result for each.
    if (isSuccess && !turn.hasBegun && this.#takesMore) return;
    if (isSaid(event)) this.#repeats = turn.isHeard = true;
    if (event.type !== "system" && event.type !== "broken") turn.hasBegun = true;
    await turn.onEvent(event);
    if (!this.#takesMore) return;
    // What failed ends with its process: more may be said until then.
    if (isSuccess) return turn.end();
    if (event.type !== "assistant" || event.parent_tool_use_id) return;
    const isOurs = turn.isHeard || !this.#repeats;
    if (event.message.stop_reason === "end_turn") return isOurs ? turn.end() : undefined;
    if (!event.message.stop_reason && !event.message.content.some((block) => isBlock(block, "tool_use"))) {
      // Cut short, by somebody elsewhere or by Amp: if nothing follows, it ends when it sees the end of its input.
      turn.wait(CUT_SHORT_MS, () => {
        this.#input.close();
        turn.wait(CUT_SHORT_MS, () => this.#stop.abort());
      });
    }
  }

  /** After its last result Amp ends by itself, as a rule. */
  #leaveAfter(hasFailed: boolean): void {
    if (!hasFailed && !this.#input.isClosed) return;
    this.#input.close();
    setTimeout(() => this.#stop.abort(), LINGER_MS).unref();
  }
}

/** Whether Amp repeats a message of a person's, as it does when its server has taken it. */
function isSaid(event: AmpEvent): boolean {
  if (event.type !== "user" || event.parent_tool_use_id) return false;
  const { content } = event.message;
  return typeof content === "string" || content.some((block) => isBlock(block, "text"));
}

class Turn {
  readonly done: Promise<void>;
  readonly onEvent: TurnOptions["onEvent"];
  /** Amp has repeated the message. */
  isHeard = false;
  hasBegun = false;
  end: () => void = () => {};
  fail: (error: unknown) => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(onEvent: TurnOptions["onEvent"]) {
    this.onEvent = onEvent;
    this.done = new Promise((resolve, reject) => {
      this.end = resolve;
      this.fail = reject;
    });
    // Whoever waits for it learns of a failure; until then it is nobody's.
    this.done.catch(() => {});
  }

  /** Does something if no event comes within a time. */
  wait(ms: number, act: () => void): void {
    this.#timer = setTimeout(act, ms);
  }

  rest(): void {
    clearTimeout(this.#timer);
  }
}

/** Messages for Amp's stdin, which stays open until the queue is closed. */
class MessageQueue implements AsyncIterable<InputMessage> {
  #waiting: InputMessage[] = [];
  #isClosed = false;
  #wake = () => {};

  get isClosed(): boolean {
    return this.#isClosed;
  }

  add(message: InputMessage): void {
    this.#waiting.push(message);
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<InputMessage> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) yield message;
      else if (this.#isClosed) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
