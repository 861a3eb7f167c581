import type {
  AgentContext,
  ContentBlock,
  PromptResponse,
  SessionUpdate,
  StopReason,
} from "@agentclientprotocol/sdk";
import { RequestError } from "@agentclientprotocol/sdk";
import { answerIn } from "../amp/answer.ts";
import type { AmpError } from "../amp/errors.ts";
import type { AmpEvent, ResultEvent } from "../amp/events.ts";
import { execute } from "../amp/execute.ts";
import type { ExecuteOptions, McpServerConfig } from "../amp/options.ts";
import type { AmpProbe } from "../amp/probe.ts";
import { resultError } from "../amp/run.ts";
import { readSettings, settingsPath, strongerSettings } from "../amp/settings.ts";
import { describeTool } from "../amp/tools.ts";
import { builtinRules, permissionsOf, unattendedRules } from "../amp/unattended-rules.ts";
import { createRedact, mcpSecrets, type Redact } from "../base/redact.ts";
import type { AgentApiEcho } from "./agentapi-echo.ts";
import { delegateTo, type PermissionAnswer, PermissionBroker, type PermissionQuestion } from "./broker.ts";
import { askClient } from "./consent.ts";
import { toInputBlocks } from "./content.ts";
import { Delivery } from "./delivery.ts";
import { failedTurn, toRequestError } from "./errors.ts";
import { FirstEvent } from "./first-event.ts";
import { FIRST_EVENT, turnFailed } from "./signals.ts";
import { Updates } from "./updates.ts";

export interface SessionSetup {
  id: string;
  cwd: string;
  client: AgentContext;
  amp: AmpProbe;
  execution: ExecuteOptions;
  mcpServers: Readonly<Record<string, McpServerConfig>>;
  /** What happens if a rule says `ask`. */
  ask: "client" | "deny" | "allow";
  /** The client shows no errors and handles updates out of order: see `Delivery`. */
  isUnattended: boolean;
  /** Shows what such a client has handled. */
  echo: AgentApiEcho | undefined;
  /** Command that runs the helper for delegated rules; the socket's path is added. */
  helper: readonly string[];
  thread: string | undefined;
  /** Called with the thread of every turn. */
  onThread: (thread: string) => void;
  log: (line: string) => void;
  /** Ends with the connection. */
  signal: AbortSignal;
}

/** One conversation: an Amp thread that every prompt continues, one Amp process for each turn. */
export class Session {
  mode: string | undefined;
  readonly #setup: SessionSetup;
  readonly #updates = new Updates();
  readonly #delivery: Delivery;
  readonly #decided = new Map<string, PermissionAnswer>();
  readonly #redact: Redact;
  #thread: string | undefined;
  #broker: PermissionBroker | undefined;
  #builtin: ReturnType<typeof builtinRules> | undefined;
  #turn: { controller: AbortController; done: Promise<unknown> } | undefined;

  constructor(setup: SessionSetup) {
    this.#setup = setup;
    this.#thread = setup.thread;
    this.#redact = createRedact(process.env, mcpSecrets(setup.mcpServers));
    this.mode = setup.execution.mode;
    const { isUnattended: isPaced, echo, signal } = setup;
    this.#delivery = new Delivery(setup.client, setup.id, { isPaced, echo, signal });
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
    const done = this.#run(blocks, cancelled);
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
  }

  /** Ends everything. Resolves when Amp is gone. */
  async close(): Promise<void> {
    this.cancel();
    await this.#turn?.done;
    this.#broker?.close();
  }

  async #run(blocks: readonly ContentBlock[], signal: AbortSignal): Promise<PromptResponse> {
    const turn: Turn = { stopReason: "end_turn", model: undefined, result: undefined, failure: undefined };
    const firstEvent = new FirstEvent(() => this.#setup.log(FIRST_EVENT));
    this.#updates.begin();
    try {
      const message = toInputBlocks(blocks);
      const options = await this.#options(signal);
      for await (const event of execute([message], options)) {
        firstEvent.note(event);
        await this.#handle(event, turn);
      }
      if (turn.failure) throw turn.failure;
      await this.#send(this.#updates.closeCalls("completed"));
      return this.#response(turn);
    } catch (error) {
      await this.#send(this.#updates.closeCalls("failed"));
      if (signal.aborted) return { ...this.#response(turn), stopReason: "cancelled" };
      this.#setup.log(turnFailed(failedTurn(error)));
      if (this.#setup.isUnattended) return await this.#tellFailure(error, turn);
      throw toRequestError(error, this.#redact);
    } finally {
      firstEvent.end();
      await this.#delivery.flush();
    }
  }

  async #options(signal: AbortSignal): Promise<ExecuteOptions> {
    const { cwd, amp, execution, mcpServers } = this.#setup;
    const { labels, visibility, mode: _mode, ...common } = execution;
    const rules = await this.#rulesThatAsk();
    return {
      ...common,
      amp,
      cwd,
      signal,
      keepThread: true,
      thinking: true,
      noIde: true,
      noNotifications: true,
      ...(this.mode !== undefined && { mode: this.mode }),
      ...(Object.keys(mcpServers).length > 0 && { mcpConfig: mcpServers }),
      ...(rules && { settings: { "amp.permissions": rules } }),
      // Labels and visibility are for threads that begin here.
      ...(this.#thread === undefined
        ? { ...(labels && { labels }), ...(visibility && { visibility }) }
        : { continueThread: this.#thread }),
    };
  }

  /** Rules that ask through this agent, or undefined if Amp asks for nothing. */
  async #rulesThatAsk() {
    const { amp, execution, cwd, helper, log } = this.#setup;
    const settings = readSettings(settingsPath(process.env, execution.settingsFile));
    const { rules, isOn } = permissionsOf(settings, ...strongerSettings(cwd));
    if (!isOn) return undefined;
    this.#broker ??= await PermissionBroker.open(helper, (question, gone) => this.#decide(question, gone));
    this.#builtin ??= builtinRules(amp);
    const builtin = await this.#builtin;
    if (!builtin) log("Amp does not tell its own permission rules: tools that no rule speaks of are refused");
    return unattendedRules(rules, builtin, delegateTo(this.#broker));
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
      this.#setup.onThread(event.session_id);
    } else if (event.type === "result") {
      turn.result = event;
      if (event.subtype !== "error_max_turns") turn.failure ??= resultError(event);
      await this.#send(this.#updates.answer(answerIn(event)));
    } else {
      if (event.type === "assistant" && !event.parent_tool_use_id) {
        turn.stopReason = STOP_REASONS[event.message.stop_reason ?? ""] ?? "end_turn";
        turn.model = event.message.model ?? turn.model;
      }
      await this.#send(
        event.type === "assistant" ? this.#updates.ofAssistant(event) : this.#updates.ofUser(event),
      );
    }
  }

  async #send(updates: readonly SessionUpdate[]): Promise<void> {
    for (const update of updates) await this.#delivery.send(update);
  }

  #response({ stopReason, model, result }: Turn): PromptResponse {
    const amp = {
      threadId: this.#thread,
      model,
      usage: result?.usage,
      turns: result?.num_turns,
      durationMs: result?.duration_ms,
      permissionDenials: result?.permission_denials,
    };
    const isMaxTurns = result?.subtype === "error_max_turns";
    return { stopReason: isMaxTurns ? "max_turn_requests" : stopReason, _meta: { amp } };
  }

  /** AgentAPI drops a failed turn's message, and tells nobody why if the prompt was its first one. */
  async #tellFailure(error: unknown, turn: Turn): Promise<PromptResponse> {
    const { message, data } = toRequestError(error, this.#redact);
    await this.#delivery.send(this.#updates.text(`Amp could not do this. ${message}`));
    return {
      stopReason: "refusal",
      _meta: { amp: { ...(this.#response(turn)._meta?.["amp"] as object), error: data } },
    };
  }

  async #decide(question: PermissionQuestion, gone: AbortSignal): Promise<PermissionAnswer> {
    const { ask, client, id } = this.#setup;
    if (ask === "allow") return { isAllowed: true, reason: "" };
    const earlier = this.#decided.get(question.tool);
    if (earlier) return earlier;
    let answer: PermissionAnswer = {
      isAllowed: false,
      reason: "A rule wants a person's consent, and nobody can be asked here.",
    };
    if (ask === "client") {
      await this.#delivery.flush();
      const signal = AbortSignal.any([gone, ...(this.#turn ? [this.#turn.controller.signal] : [])]);
      const callId = this.#updates.callId(question.tool, question.input);
      const { isForSession, ...asked } = await askClient(client, id, question, callId, signal);
      if (isForSession) this.#decided.set(question.tool, asked);
      answer = asked;
    }
    if (!answer.isAllowed) {
      const { title } = describeTool(question.tool, question.input);
      await this.#delivery.send(
        this.#updates.text(`${question.tool} was not allowed (${title}): ${answer.reason}\n`),
      );
    }
    return answer;
  }
}

interface Turn {
  stopReason: StopReason;
  model: string | undefined;
  result: ResultEvent | undefined;
  /** The first result that told of one. */
  failure: AmpError | undefined;
}

const STOP_REASONS: Record<string, StopReason> = { max_tokens: "max_tokens", refusal: "refusal" };
