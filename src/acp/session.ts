import type { AgentContext, ContentBlock, PromptResponse, SessionUpdate } from "@agentclientprotocol/sdk";
import { RequestError } from "@agentclientprotocol/sdk";
import { answerIn } from "../amp/answer.ts";
import type { AmpEvent } from "../amp/events.ts";
import type { ExecuteOptions, McpServerConfig } from "../amp/options.ts";
import type { AmpProbe } from "../amp/probe.ts";
import { resultError } from "../amp/run.ts";
import { createRedact, mcpSecrets, type Redact } from "../base/redact.ts";
import type { AgentApiEcho } from "./agentapi-echo.ts";
import type { Approvals, OpenQuestion } from "./approvals.ts";
import { AskRules } from "./ask-rules.ts";
import { Chat } from "./chat.ts";
import { toInputBlocks } from "./content.ts";
import { type DecisionOptions, Decisions } from "./decisions.ts";
import { Delivery } from "./delivery.ts";
import { Dialogue } from "./dialogue.ts";
import { failedTurn, toRequestError } from "./errors.ts";
import { FirstEvent } from "./first-event.ts";
import { KeptAmp, type KeptOptions, keptOptions } from "./kept-amp.ts";
import { FIRST_EVENT, turnFailed } from "./signals.ts";
import type { SessionStatus } from "./status.ts";
import { newTurn, noteMessage, responseOf, type Turn } from "./turn.ts";
import { Updates } from "./updates.ts";

export interface SessionSetup {
  id: string;
  cwd: string;
  client: AgentContext;
  amp: AmpProbe;
  execution: ExecuteOptions;
  mcpServers: Readonly<Record<string, McpServerConfig>>;
  /** What happens if a rule says `ask`. */
  ask: DecisionOptions["ask"];
  /** Milliseconds for a person's answer in the chat or in a terminal. */
  approvalTimeoutMs: number;
  /** Writes a decision of a person's down. */
  record: (line: string) => void;
  /** Called with the questions that wait for a person, whenever these change. */
  onWaiting: (open: readonly OpenQuestion[]) => void;
  /** Makes the client send this text as a message; false if it does not. */
  callBack: (text: string) => Promise<boolean>;
  /** The client shows no errors and handles updates out of order: see `Delivery`. */
  isUnattended: boolean;
  /** Shows what such a client has handled. */
  echo: AgentApiEcho | undefined;
  /** Command that runs the helper for delegated rules; the socket's path is added. */
  helper: readonly string[];
  thread: string | undefined;
  /** Called with the thread of every turn. */
  onThread: (thread: string) => void;
  /** Tells Coder what Amp does. */
  status: SessionStatus;
  log: (line: string) => void;
  /** Ends with the connection. */
  signal: AbortSignal;
}

/** One conversation: an Amp thread that every prompt continues, on one Amp process for as long as that lives. */
export class Session {
  mode: string | undefined;
  readonly #setup: SessionSetup;
  readonly #updates = new Updates();
  readonly #delivery: Delivery;
  /** For a client that shows text only. */
  readonly #chat: Chat | undefined;
  readonly #amp: KeptAmp;
  readonly #redact: Redact;
  readonly #decisions: Decisions;
  readonly #dialogue: Dialogue | undefined;
  #thread: string | undefined;
  readonly #rules: AskRules;
  #turn: { controller: AbortController; done: Promise<unknown> } | undefined;

  constructor(setup: SessionSetup) {
    this.#setup = setup;
    this.#thread = setup.thread;
    this.#redact = createRedact(process.env, mcpSecrets(setup.mcpServers));
    this.#decisions = this.#openDecisions();
    this.#rules = new AskRules(setup, (question, gone) => this.#decisions.decide(question, gone));
    this.mode = setup.execution.mode;
    const { isUnattended: isPaced, echo, signal } = setup;
    this.#delivery = new Delivery(setup.client, setup.id, { isPaced, echo, signal });
    this.#chat = isPaced ? new Chat((update) => void this.#out(update)) : undefined;
    this.#dialogue = setup.ask === "chat" ? this.#openDialogue() : undefined;
    this.#amp = new KeptAmp((event) => this.#outsideOfTurns(event));
  }

  /** Questions that wait for a person who has no dialog. */
  get approvals(): Approvals {
    return this.#decisions.approvals;
  }

  get delivery(): Delivery {
    return this.#delivery;
  }

  /** Runs one turn. @throws RequestError, with the kind of failure under `data` */
  async prompt(blocks: readonly ContentBlock[], signal: AbortSignal): Promise<PromptResponse> {
    if (this.#turn)
      throw RequestError.invalidRequest(undefined, "A turn is already running in this session.");
    const controller = new AbortController();
    const cancelled = AbortSignal.any([controller.signal, signal, this.#setup.signal]);
    const done = this.#dialogue?.prompt(blocks, cancelled) ?? this.#run(blocks, cancelled);
    this.#turn = { controller, done: done.catch(() => {}) };
    try {
      return await done;
    } finally {
      this.#turn = undefined;
    }
  }

  /** Ends the running turn; its answer is `cancelled`. */
  cancel(): void {
    this.#turn?.controller.abort();
    void this.#dialogue?.cancel();
  }

  /** Ends everything. Resolves when Amp is gone. */
  async close(): Promise<void> {
    this.cancel();
    await this.#turn?.done;
    await this.#dialogue?.cancel();
    await this.#amp.close();
    this.#rules.close();
  }

  async #run(blocks: readonly ContentBlock[], signal: AbortSignal): Promise<PromptResponse> {
    const { status } = this.#setup;
    const turn = newTurn();
    const firstEvent = new FirstEvent(() => this.#setup.log(FIRST_EVENT));
    this.#updates.begin();
    if (!this.#dialogue) this.#chat?.begin();
    this.#decisions.begin(turn.denials, signal);
    status.turnBegan();
    try {
      const message = toInputBlocks(blocks);
      const options = await this.#options();
      await this.#amp.turn(message, options, {
        signal,
        timeoutMs: this.#setup.execution.timeoutMs ?? 0,
        onEvent: async (event) => {
          firstEvent.note(event);
          await this.#handle(event, turn);
        },
      });
      if (turn.failure) throw turn.failure;
      status.turnEnded("done");
      await this.#send(this.#updates.closeCalls("completed"));
      return responseOf(turn, this.#thread);
    } catch (error) {
      const { message } = toRequestError(error, this.#redact);
      status.turnEnded(signal.aborted ? "cancelled" : "error", message);
      await this.#send(this.#updates.closeCalls("failed"));
      if (signal.aborted) {
        if (this.#chat) await this.#send([this.#updates.text("This turn was stopped.")]);
        return { ...responseOf(turn, this.#thread), stopReason: "cancelled" };
      }
      this.#setup.log(turnFailed(failedTurn(error)));
      if (this.#setup.isUnattended) return await this.#tellFailure(error, turn);
      throw toRequestError(error, this.#redact);
    } finally {
      firstEvent.end();
      if (!this.#dialogue) await this.#delivery.flush();
    }
  }

  async #options(): Promise<KeptOptions> {
    const rules = await this.#rules.current();
    return keptOptions(this.#setup, { mode: this.mode, thread: this.#thread, rules });
  }

  /** Whoever writes in the thread elsewhere is answered there. */
  #outsideOfTurns(event: AmpEvent): void {
    const failure = event.type === "result" ? resultError(event) : undefined;
    if (failure) this.#setup.log(`Amp has ended between two turns: ${failure.message}`);
  }

  async #handle(event: AmpEvent, turn: Turn): Promise<void> {
    if (event.type === "broken")
      return this.#setup.log(`line ${event.line} of Amp's output is broken: ${event.reason}`);
    if (event.type === "unknown") {
      if (event.reason) this.#setup.log(`an event of Amp's is of an unknown shape: ${event.reason}`);
      return;
    }
    if (event.type === "system") {
      this.#thread = event.session_id;
      this.#setup.status.onThread(event.session_id);
      this.#setup.onThread(event.session_id);
    } else if (event.type === "result") {
      turn.result = event;
      if (event.subtype !== "error_max_turns") turn.failure ??= resultError(event);
      await this.#send(this.#updates.answer(answerIn(event)));
      const usedUp = event.subtype === "error_max_turns" ? resultError(event) : undefined;
      if (usedUp && this.#chat) await this.#send([this.#updates.text(`${usedUp.message} ${usedUp.remedy}`)]);
    } else {
      if (event.type === "assistant" && !event.parent_tool_use_id) {
        noteMessage(turn, event);
      }
      await this.#send(
        event.type === "assistant" ? this.#updates.ofAssistant(event) : this.#updates.ofUser(event),
      );
    }
  }

  async #send(updates: readonly SessionUpdate[]): Promise<void> {
    for (const update of updates) {
      this.#setup.status.saw(update);
      for (const shown of this.#chat?.shown(update) ?? [update]) await this.#out(shown);
    }
  }

  async #out(update: SessionUpdate): Promise<void> {
    await (this.#dialogue ?? this.#delivery).send(update);
  }

  #openDecisions(): Decisions {
    const { ask, client, id, approvalTimeoutMs: timeoutMs, record, onWaiting, status } = this.#setup;
    return new Decisions({
      ...{ ask, client, sessionId: id, timeoutMs, record },
      callId: (tool, input) => this.#updates.callId(tool, input),
      flush: () => this.#delivery.flush(),
      say: (text) => this.#send([this.#updates.text(text)]),
      onAsk: () => this.#dialogue?.ask(),
      onUnanswered: (text) => this.#dialogue?.answered(text),
      onWaiting: ([first]) => status.waiting(first),
      onOpen: onWaiting,
    });
  }

  #openDialogue(): Dialogue {
    return new Dialogue({
      approvals: this.approvals,
      deliver: (update) => this.#delivery.send(update),
      flush: () => this.#delivery.flush(),
      run: (blocks, signal) => this.#run(blocks, signal),
      // As with a prompt, whoever waits for Amp to take it may know.
      onTaken: () => this.#setup.log(FIRST_EVENT),
      callBack: this.#setup.callBack,
    });
  }

  /** A question was answered in a terminal: what Amp does then is to be seen in the chat. */
  answeredElsewhere(text: string): void {
    this.#dialogue?.answered(text);
  }

  /** AgentAPI drops a failed turn's message, and tells nobody why if the prompt was its first one. */
  async #tellFailure(error: unknown, turn: Turn): Promise<PromptResponse> {
    const { message, data } = toRequestError(error, this.#redact);
    await this.#send([this.#updates.text(`Amp could not do this. ${message}`)]);
    return {
      stopReason: "refusal",
      _meta: { amp: { ...(responseOf(turn, this.#thread)._meta?.["amp"] as object), error: data } },
    };
  }
}
