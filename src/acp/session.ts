import type { AgentContext, ContentBlock, PromptResponse, StopReason } from "@agentclientprotocol/sdk";
import { RequestError } from "@agentclientprotocol/sdk";
import type { AmpEvent, ResultEvent } from "../amp/events.ts";
import { execute } from "../amp/execute.ts";
import type { ExecuteOptions, McpServerConfig, PermissionRule } from "../amp/options.ts";
import { listPermissions } from "../amp/permissions.ts";
import type { AmpProbe } from "../amp/probe.ts";
import { resultError } from "../amp/run.ts";
import { readSettings, settingsPath } from "../amp/settings.ts";
import { describeTool } from "../amp/tools.ts";
import type { AgentApiEcho } from "./agentapi-echo.ts";
import { delegateAsks, permissionsOf } from "./ask-rules.ts";
import { type PermissionAnswer, PermissionBroker, type PermissionQuestion } from "./broker.ts";
import { askClient } from "./consent.ts";
import { toInputBlocks } from "./content.ts";
import { Delivery } from "./delivery.ts";
import { failedTurn, toRequestError } from "./errors.ts";
import { FIRST_EVENT, turnFailed } from "./signals.ts";
import { Updates } from "./updates.ts";

export interface SessionSetup {
  id: string;
  cwd: string;
  client: AgentContext;
  amp: AmpProbe;
  execution: ExecuteOptions;
  mcpServers: Readonly<Record<string, McpServerConfig>>;
  /** What happens where a rule says `ask`. */
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

/** One conversation: an Amp thread that every prompt goes on with, one Amp process for each turn. */
export class Session {
  mode: string | undefined;
  readonly #setup: SessionSetup;
  readonly #updates = new Updates();
  readonly #delivery: Delivery;
  readonly #decided = new Map<string, PermissionAnswer>();
  #thread: string | undefined;
  #broker: PermissionBroker | undefined;
  #builtin: ReturnType<typeof listPermissions> | undefined;
  #turn: { controller: AbortController; done: Promise<unknown> } | undefined;

  constructor(setup: SessionSetup) {
    this.#setup = setup;
    this.#thread = setup.thread;
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
    const done = this.#run(toInputBlocks(blocks), cancelled);
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

  async #run(message: ReturnType<typeof toInputBlocks>, signal: AbortSignal): Promise<PromptResponse> {
    const turn: Turn = { hasBegun: false, stopReason: "end_turn", model: undefined, result: undefined };
    this.#updates.begin();
    try {
      const options = await this.#options(signal);
      for await (const event of execute([message], options)) await this.#handle(event, turn);
      const error = turn.result && resultError(turn.result);
      if (error && turn.result?.subtype !== "error_max_turns") throw error;
      return this.#response(turn);
    } catch (error) {
      if (signal.aborted) return { ...this.#response(turn), stopReason: "cancelled" };
      this.#setup.log(turnFailed(failedTurn(error)));
      if (this.#setup.isUnattended) return await this.#tellFailure(error, turn);
      throw toRequestError(error);
    } finally {
      await this.#delivery.flush();
    }
  }

  async #options(signal: AbortSignal): Promise<ExecuteOptions> {
    const { cwd, amp, execution, mcpServers } = this.#setup;
    const { labels, visibility, mode: _mode, ...common } = execution;
    const rules = await this.#delegatedRules();
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

  async #delegatedRules() {
    const { amp, execution } = this.#setup;
    const permissions = permissionsOf(readSettings(settingsPath(process.env, execution.settingsFile)));
    const builtin = () => {
      this.#builtin ??= listPermissions({ ...execution, amp, source: "builtin" });
      return this.#builtin as Promise<readonly PermissionRule[]>;
    };
    // First without a program: most sessions never ask, and need no socket.
    if (!(await delegateAsks(permissions, builtin, ""))) return undefined;
    this.#broker ??= await PermissionBroker.open(this.#setup.helper, (question, gone) =>
      this.#decide(question, gone),
    );
    return delegateAsks(permissions, builtin, this.#broker.program);
  }

  async #handle(event: AmpEvent, turn: Turn): Promise<void> {
    if (event.type === "broken")
      return this.#setup.log(`line ${event.line} of Amp's output is broken: ${event.reason}`);
    if (!turn.hasBegun) this.#setup.log(FIRST_EVENT);
    turn.hasBegun = true;
    if (event.type === "unknown") return;
    if (event.type === "system") {
      this.#thread = event.session_id;
      this.#setup.onThread(event.session_id);
    } else if (event.type === "result") {
      turn.result = event;
    } else {
      if (event.type === "assistant" && !event.parent_tool_use_id) {
        turn.stopReason = STOP_REASONS[event.message.stop_reason ?? ""] ?? "end_turn";
        turn.model = event.message.model ?? turn.model;
      }
      const updates =
        event.type === "assistant" ? this.#updates.ofAssistant(event) : this.#updates.ofUser(event);
      for (const update of updates) await this.#delivery.send(update);
    }
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

  /** AgentAPI drops a failed turn's message, and tells nobody why where the prompt was its first one. */
  async #tellFailure(error: unknown, turn: Turn): Promise<PromptResponse> {
    const { message, data } = toRequestError(error);
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
  /** Amp has said something. */
  hasBegun: boolean;
  stopReason: StopReason;
  model: string | undefined;
  result: ResultEvent | undefined;
}

const STOP_REASONS: Record<string, StopReason> = { max_tokens: "max_tokens", refusal: "refusal" };
