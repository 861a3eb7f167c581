import { randomUUID } from "node:crypto";
import type { Server } from "node:net";
import { join } from "node:path";
import {
  type AgentApp,
  type AgentContext,
  agent,
  type InitializeRequest,
  methods,
  PROTOCOL_VERSION,
  RequestError,
} from "@agentclientprotocol/sdk";
import type { AmpProbe } from "../amp/probe.ts";
import { threadMarkdown } from "../amp/threads.ts";
import { reasonOf } from "../base/errors.ts";
import { createRedact } from "../base/redact.ts";
import { AgentApiEcho, sayAsUser } from "./agentapi-echo.ts";
import { type DoorReply, type DoorRequest, openDoor } from "./approval-door.ts";
import { approvalsLog } from "./approvals.ts";
import { toRequestError } from "./errors.ts";
import { historyUpdates } from "./history.ts";
import { toMcpConfig } from "./mcp-servers.ts";
import { modeOf, modeState } from "./modes.ts";
import type { AgentOptions } from "./options.ts";
import { Session } from "./session.ts";
import { READY, WAITING } from "./signals.ts";
import type { AgentStatus } from "./status.ts";
import { ThreadStore } from "./threads.ts";

export interface AgentSetup {
  options: AgentOptions;
  /** Finds Amp; called for the first session, so that a missing one is an error that the client sees. */
  amp: () => Promise<AmpProbe>;
  /** Command that runs the helper for delegated permission rules. */
  helper: readonly string[];
  /** Tells Coder. */
  status: AgentStatus;
  log: (line: string) => void;
}

/** Amp as an agent of the Agent Client Protocol, version 1. */
export class AmpAgent {
  readonly app: AgentApp;
  readonly #setup: AgentSetup;
  readonly #threads: ThreadStore;
  readonly #sessions = new Map<string, Session>();
  readonly #closing = new AbortController();
  #client: AgentContext | undefined;
  #isUnattended = false;
  #echo: AgentApiEcho | undefined;
  #amp: Promise<AmpProbe> | undefined;
  #door: Server | undefined;
  #firstThread: string | undefined;

  constructor(setup: AgentSetup) {
    const { options } = setup;
    this.#setup = setup;
    this.#threads = new ThreadStore(join(options.stateDir, "sessions"), options.threadFile);
    this.#firstThread = options.thread ?? (options.isContinued ? this.#threads.last() : undefined);
    this.app = this.#register(agent({ name: "amp" }));
  }

  /** Ends every turn; the conversations continue. */
  cancelTurns(): void {
    for (const session of this.#sessions.values()) session.cancel();
  }

  /** Ends everything. Resolves when no Amp is left. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#door?.close();
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
  }

  #register(app: AgentApp): AgentApp {
    return app
      .onConnect(({ client }) => {
        this.#client = client;
      })
      .onRequest(methods.agent.initialize, ({ params }) => {
        this.#isUnattended = isUnattended(params);
        const { agentApiUrl } = this.#setup.options;
        if (this.#isUnattended && agentApiUrl)
          this.#echo = new AgentApiEcho(agentApiUrl, this.#closing.signal);
        return {
          protocolVersion: Math.min(params.protocolVersion, PROTOCOL_VERSION),
          agentInfo: { name: "amp", title: "Amp", version: "1.0.0" },
          agentCapabilities: {
            loadSession: true,
            promptCapabilities: { image: true, embeddedContext: true },
            mcpCapabilities: { http: true, sse: true },
            sessionCapabilities: { resume: {}, close: {} },
          },
          authMethods: [],
        };
      })
      .onRequest(methods.agent.session.new, async ({ params }) => {
        const thread = this.#firstThread;
        this.#firstThread = undefined;
        const sessionId = randomUUID();
        const opened = await this.#open(sessionId, params, thread);
        this.#setup.log(READY);
        return { sessionId, ...opened };
      })
      .onRequest(methods.agent.session.load, ({ params }) => this.#reopen(params, true))
      .onRequest(methods.agent.session.resume, ({ params }) => this.#reopen(params, false))
      .onRequest(methods.agent.session.setMode, async ({ params }) => {
        const session = this.#session(params.sessionId);
        const mode = modeOf(await this.#probe(), params.modeId);
        if (mode === null)
          throw RequestError.invalidParams({ modeId: params.modeId }, "Amp has no such mode");
        session.mode = mode;
        return {};
      })
      .onRequest(methods.agent.session.prompt, ({ params, signal }) =>
        this.#session(params.sessionId).prompt(params.prompt, signal),
      )
      .onRequest(methods.agent.session.close, async ({ params }) => {
        const session = this.#session(params.sessionId);
        this.#sessions.delete(params.sessionId);
        await session.close();
        return {};
      })
      .onNotification(methods.agent.session.cancel, ({ params }) =>
        this.#sessions.get(params.sessionId)?.cancel(),
      );
  }

  async #open(id: string, params: SessionParams, thread: string | undefined) {
    if (!this.#client) throw RequestError.internalError(undefined, "not connected");
    const { options, helper, status, log } = this.#setup;
    const amp = await this.#probe();
    const ask = this.#askPolicy();
    const record = options.approvalsLog ? approvalsLog(options.approvalsLog, createRedact(process.env)) : log;
    const session = new Session({
      id,
      cwd: params.cwd,
      client: this.#client,
      amp,
      execution: options.execution,
      mcpServers: toMcpConfig(params.mcpServers ?? []),
      ask,
      approvalTimeoutMs: options.approvalTimeoutMs,
      record,
      onWaiting: (open) => log(`${WAITING}${open.length}${open[0] ? ` (${open[0].title})` : ""}`),
      callBack: (text) => this.#callBack(text),
      isUnattended: this.#isUnattended,
      echo: this.#echo,
      helper,
      thread,
      onThread: (used) => this.#remember(id, used),
      status: status.of(id, thread),
      log,
      signal: this.#closing.signal,
    });
    this.#sessions.set(id, session);
    if (ask === "chat" || ask === "terminal") await this.#openDoor();
    return { modes: modeState(amp, session.mode), ...(thread && { _meta: { amp: { threadId: thread } } }) };
  }

  /** A client with a dialog of its own shows that. */
  #askPolicy() {
    const { ask } = this.#setup.options;
    if (ask === "auto") return this.#isUnattended ? "deny" : "client";
    return (ask === "chat" || ask === "terminal") && !this.#isUnattended ? "client" : ask;
  }

  async #openDoor(): Promise<void> {
    try {
      this.#door ??= await openDoor(this.#setup.options.stateDir, (request) => this.#handle(request));
    } catch (error) {
      this.#setup.log(`questions cannot be answered from a terminal: ${reasonOf(error)}`);
    }
  }

  #handle(request: DoorRequest): DoorReply {
    const sessions = [...this.#sessions.values()];
    const open = () => sessions.flatMap(({ approvals }) => approvals.open);
    if (request.verb === "list") return { open: open() };
    const { number, decision, reason } = request;
    for (const session of sessions) {
      const answered = session.approvals.answer(number, decision, "terminal", reason);
      if (!answered) continue;
      session.answeredElsewhere(`Answered "${decision}" in a terminal: \`${answered.title}\``);
      return { open: open(), answered };
    }
    return { open: open() };
  }

  /** What Amp does while the chat does not listen is shown as the reply to this message. */
  async #callBack(content: string): Promise<boolean> {
    const { agentApiUrl } = this.#setup.options;
    const { signal } = this.#closing;
    if (!agentApiUrl || signal.aborted) return false;
    try {
      await sayAsUser(agentApiUrl, content, signal);
      return true;
    } catch (error) {
      this.#setup.log(`the chat does not show what comes next: ${reasonOf(error)}`);
      return false;
    }
  }

  async #reopen(params: SessionParams & { sessionId: string }, withHistory: boolean) {
    const { sessionId } = params;
    const thread = this.#threads.find(sessionId);
    if (thread === undefined) throw RequestError.sessionNotFound(sessionId);
    await this.#sessions.get(sessionId)?.close();
    const opened = await this.#open(sessionId, params, thread);
    if (withHistory) await this.#replay(this.#session(sessionId), thread, params.cwd);
    this.#setup.log(READY);
    return opened;
  }

  async #replay({ delivery }: Session, thread: string, cwd: string): Promise<void> {
    try {
      const markdown = await threadMarkdown(thread, { amp: await this.#probe(), cwd });
      for (const update of historyUpdates(markdown)) await delivery.send(update);
      await delivery.flush();
    } catch (error) {
      throw toRequestError(error);
    }
  }

  #remember(id: string, thread: string): void {
    try {
      this.#threads.remember(id, thread);
    } catch (error) {
      this.#setup.log(`the thread of this session cannot be remembered: ${error}`);
    }
  }

  #probe(): Promise<AmpProbe> {
    this.#amp ??= this.#setup.amp().catch((error: unknown) => {
      // Amp may be installed by the time of the next try.
      this.#amp = undefined;
      throw toRequestError(error);
    });
    return this.#amp;
  }

  #session(id: string): Session {
    const session = this.#sessions.get(id);
    if (!session) throw RequestError.sessionNotFound(id);
    return session;
  }
}

interface SessionParams {
  cwd: string;
  mcpServers?: Parameters<typeof toMcpConfig>[0] | null;
}

/**
 * A client that names neither itself nor anything it can do is a program, not somebody's editor: AgentAPI (v0.12.1)
 * is the one that is known. Nobody there sees a question or an error.
 */
function isUnattended({ clientInfo, clientCapabilities: can }: InitializeRequest): boolean {
  return !clientInfo && !can?.terminal && !can?.fs?.readTextFile && !can?.fs?.writeTextFile;
}
