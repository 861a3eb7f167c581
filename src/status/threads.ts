import type { State, Status } from "./status.ts";
import { type ToolWords, WORDS } from "./words.ts";

/** What Amp says of a thread. */
export type ThreadState = "idle" | "running" | "awaiting-approval" | "error";
/** How a turn ended. */
export type TurnEnd = "done" | "error" | "cancelled";

type Phase = "idle" | "working" | "waiting" | "failed";

interface Thread {
  phase: Phase;
  message: string;
  tool: ToolWords | undefined;
}

const STATES: Record<Phase, State> = {
  idle: "idle",
  working: "working",
  // The dashboard has no word of its own for it, and shows no spinner for this one.
  waiting: "idle",
  failed: "failure",
};

/**
 * What one Amp does on its threads, as one status. A turn's events and the thread's own state tell of the same in any
 * order, and an Amp may tell only one of the two.
 */
export class Threads {
  /** The one that changed last is the last. */
  readonly #threads = new Map<string, Thread>();
  readonly #urlOf: (id: string) => string;

  /** @param urlOf a thread's address, "" if there is none */
  constructor(urlOf: (id: string) => string) {
    this.#urlOf = urlOf;
  }

  /** A thread that is open, such as one that is continued. */
  opened(id: string): void {
    if (!this.#threads.has(id)) this.#set(id, "idle", WORDS.ready);
  }

  turnBegan(id: string): void {
    this.#set(id, "working", WORDS.turn);
  }

  toolCalled(id: string, tool: ToolWords): void {
    if (tool.isQuestion) this.#set(id, "waiting", WORDS.question, tool);
    else this.#set(id, "working", tool.doing, tool);
  }

  /** A person is asked for consent to the last tool, unless `what` names another. */
  asked(id: string, what = this.#threads.get(id)?.tool?.what): void {
    const tool = this.#threads.get(id)?.tool;
    if (tool?.isQuestion) return;
    this.#set(id, "waiting", what ? `${WORDS.approval}: ${what}` : WORDS.approval, tool);
  }

  /** What was asked is not asked any more: the turn continues, unless it has ended. */
  answered(id: string): void {
    const { phase, tool } = this.#threads.get(id) ?? {};
    if (phase === "waiting") this.#set(id, "working", tool?.doing ?? WORDS.turn, tool);
  }

  turnEnded(id: string, how: TurnEnd, reason: string = WORDS.failed): void {
    if (how === "error") this.#set(id, "failed", reason);
    else this.#set(id, "idle", how === "cancelled" ? WORDS.cancelled : WORDS.done);
  }

  changed(id: string, state: ThreadState): void {
    const { phase, tool } = this.#threads.get(id) ?? {};
    if (state === "awaiting-approval") this.asked(id);
    else if (state === "error") {
      if (phase !== "failed") this.#set(id, "failed", WORDS.failed);
    } else if (state === "idle") {
      // The reason of an end stays.
      if (phase === "working" || phase === "waiting") this.#set(id, "idle", WORDS.done);
      else this.opened(id);
    } else if (state === "running" && phase !== "working" && !tool?.isQuestion) {
      this.#set(id, "working", tool?.doing ?? WORDS.turn, tool);
    }
  }

  /** Who waits for a person comes first, then who works, then what happened last; undefined if there is no thread. */
  status(): Status | undefined {
    const all = [...this.#threads].reverse();
    const first = (phase: Phase) => all.find(([, thread]) => thread.phase === phase);
    const shown = first("waiting") ?? first("working") ?? all[0];
    if (!shown) return undefined;
    const [id, { phase, message }] = shown;
    const working = all.filter(([, thread]) => thread.phase === "working").length;
    return {
      state: STATES[phase],
      message: phase === "working" && working > 1 ? `${working} threads at work: ${message}` : message,
      uri: this.#urlOf(id),
    };
  }

  #set(id: string, phase: Phase, message: string, tool?: ToolWords): void {
    this.#threads.delete(id);
    this.#threads.set(id, { phase, message, tool });
  }
}
