import { mainTexts } from "./answer.ts";
import { AmpError, AmpOptionError } from "./errors.ts";
import { type AmpEvent, isBlock } from "./events.ts";
import { DEFAULT_TIMEOUT_MS, execute } from "./execute.ts";
import type { InputMessage } from "./input.ts";
import { MessageQueue } from "./message-queue.ts";
import type { ExecuteOptions } from "./options.ts";
import { resolveAmp } from "./resolve.ts";
import { resultError } from "./run.ts";
import { after, Turn } from "./turn.ts";

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
  onEvent?: ((event: AmpEvent) => Promise<void> | void) | undefined;
  /** Ends the turn, and with it Amp: it knows no other way (seen with 0.0.1790142911). */
  signal?: AbortSignal | undefined;
  /** Milliseconds for this turn, 0 for no limit; as the conversation's options say if it is left out. */
  timeoutMs?: number | undefined;
  /** Milliseconds without a word of Amp in this turn, likewise. */
  idleTimeoutMs?: number | undefined;
}

/** What a turn came to. */
export interface Answer {
  /** The final text. */
  text: string;
  /** The Amp thread (`T-…`). */
  threadId: string;
}

/**
 * Opens a conversation on one Amp process. Its time limits are those of each turn; nobody waits between two.
 *
 * @param onIdle gets what comes between turns, such as what somebody says in the thread elsewhere
 * @throws AmpError if there is no Amp
 */
export async function openConversation(
  options: ExecuteOptions = {},
  onIdle?: (event: AmpEvent) => void,
): Promise<AmpConversation> {
  return new AmpConversation({ ...options, amp: await resolveAmp(options) }, onIdle);
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
  readonly #limits: { timeoutMs: number; idleTimeoutMs: number };
  #turn: Turn | undefined;
  #threadId = "";
  #isOver = false;
  /** Whether this Amp repeats what it is told, which shows that an answer is not another message's. */
  #repeats = false;

  /**
   * @param options of the run, with a probed Amp; its time limits are those of each turn
   * @param onIdle gets what comes between turns, such as what somebody says in the thread elsewhere
   */
  constructor(
    options: ExecuteOptions & Required<Pick<ExecuteOptions, "amp">>,
    onIdle: (event: AmpEvent) => void = () => {},
  ) {
    this.#takesMore = options.amp.flags.includes(STREAM_INPUT);
    this.#onIdle = onIdle;
    const { timeoutMs = DEFAULT_TIMEOUT_MS, idleTimeoutMs = 0, signal } = options;
    this.#limits = { timeoutMs, idleTimeoutMs };
    const stop = AbortSignal.any([this.#stop.signal, ...(signal ? [signal] : [])]);
    this.ended = this.#read({ ...options, timeoutMs: 0, idleTimeoutMs: 0, signal: stop });
  }

  /** Whether it takes another message. */
  get isOpen(): boolean {
    return !this.#isOver && !this.#input.isClosed;
  }

  /** Gives Amp a message and resolves with its answer. @throws AmpError also if Amp reports the failure itself */
  async ask(message: InputMessage, options: TurnOptions = {}): Promise<Answer> {
    let text = "";
    let failure: AmpError | undefined;
    const onEvent = async (event: AmpEvent) => {
      text = mainTexts(event).join("\n\n") || text;
      if (event.type === "result") {
        failure ??= resultError(event);
        text = event.result || text;
      }
      await options.onEvent?.(event);
    };
    await this.turn(message, { ...options, onEvent });
    if (failure) throw failure;
    return { text, threadId: this.#threadId };
  }

  /**
   * Gives Amp a message and resolves when its turn has ended; a `result` that is an error is an event like any other.
   *
   * @throws AmpError if Amp ends before that; it has gone then
   * @throws AmpOptionError if another turn runs, or no turn can: see `isOpen`
   */
  async turn(message: InputMessage, options: TurnOptions = {}): Promise<void> {
    if (this.#turn) throw new AmpOptionError("a turn of this conversation is running already");
    if (!this.isOpen)
      throw new AmpOptionError("this conversation is over: continue its thread in another one");
    const { onEvent, signal } = options;
    const { timeoutMs = this.#limits.timeoutMs, idleTimeoutMs = this.#limits.idleTimeoutMs } = options;
    let stopped: AmpError | undefined;
    const stop = (error: AmpError) => {
      stopped ??= error;
      this.#stop.abort();
    };
    const abort = () => stop(new AmpError("aborted", "Amp was stopped."));
    const late = () => stop(new AmpError("timeout", `Amp was not done after ${timeoutMs / 1000} s.`));
    const silent = () => stop(new AmpError("timeout", `Amp was silent for ${idleTimeoutMs / 1000} s.`));
    const timer = after(timeoutMs, late);
    let idle = after(idleTimeoutMs, silent);
    const turn = new Turn(async (event) => {
      // Time in which nobody takes the events is none of Amp's.
      clearTimeout(idle);
      await onEvent?.(event);
      idle = this.#turn === turn ? after(idleTimeoutMs, silent) : undefined;
    });
    this.#turn = turn;
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
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
      this.#turn = undefined;
      clearTimeout(timer);
      clearTimeout(idle);
      turn.rest();
      signal?.removeEventListener("abort", abort);
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
    if ("session_id" in event) this.#threadId = event.session_id;
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
