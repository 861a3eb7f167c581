import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { Runners } from "./amp-runners.ts";
import {
  callOf,
  callsIn,
  Leases,
  newMessage,
  resultMessage,
  summaryOf,
  type Tool,
  toolUses,
} from "./amp-tools.ts";

/**
 * How the server treats Amp: as a working one does, with 401 for every key, without knowledge of any thread, late, with an
 * error where a thread is opened ahead, never letting a thread's connection become ready, with turns that last until they
 * are cancelled, by cutting every connection, with 500 for everything, with a login page as a captive portal does, or by
 * taking connections and never answering.
 */
export type AmpServerBehaviour =
  | "answers"
  | "refuses-key"
  | "knows-no-thread"
  | "is-slow"
  | "opens-no-thread"
  | "keeps-connecting"
  | "thinks-for-long"
  | "breaks-off"
  | "fails"
  | "is-portal"
  | "is-silent";

/** How late an answer of a slow server is, in milliseconds. */
const SLOWNESS_MS = 1500;
/** How long a turn takes, in milliseconds. */
const TURN_MS = 300;
/** For Amp's plugins, which answer at once. */
const AMP_TIMEOUT_MS = 30_000;

/** What Amp asked: the method of `/api/internal`, `ws <method>` for a websocket message, else `POST /path`. */
export interface AmpRequest {
  name: string;
  params: unknown;
  at: number;
}

/** A message of a thread, as a person reads it. */
export interface Said {
  role: "user" | "assistant";
  text: string;
  /** Time in milliseconds since the epoch. */
  at: number;
}

/** A turn: the tools that the model calls, one after the other, and how it ends. */
export interface Turn {
  tools: Tool[];
  ends: "done" | "error" | "cancelled";
}

/**
 * A stand-in for Amp's server on loopback, with a model that repeats the first line of what it is told, and makes a call
 * of shell_command for each line `run: COMMAND`.
 */
export interface AmpServer {
  /** For AMP_URL. */
  url: string;
  /** May be changed at any time. */
  behaviour: AmpServerBehaviour;
  /**
   * What happens in each turn, between the message and its answer. Only with it does Amp's plugins get to know of a turn,
   * as they do from Amp's own server.
   */
  turn: Turn | undefined;
  /** All that was asked, oldest first. */
  requests: AmpRequest[];
  /** Every message by thread, oldest first. Amp shows them when it continues a thread. */
  threads: Map<string, Said[]>;
  /** The tool calls that Amp was told to make. */
  leases: Leases;
  /** Amps without a screen that take threads from here. */
  runners: Runners;
  /** Does what a person does on Amp's site: begins a thread on the runner that is there, with this message. */
  begin(thread: string, message: string): Promise<void>;
  /** Every text that arrived as a user's message, on whatever thread, oldest first. */
  prompts(): string[];
  close(): Promise<void>;
}

/**
 * Starts a server that answers as much as the real Amp needs to draw its screens, open threads and hold a conversation.
 * What it asks for and how its messages look was seen with Amp 0.0.1790142911; whatever else is asked for gets `{}`.
 */
export async function startAmpServer(behaviour: AmpServerBehaviour = "answers"): Promise<AmpServer> {
  const http = createServer();
  const server: AmpServer = {
    url: "",
    behaviour,
    turn: undefined,
    requests: [],
    threads: new Map(),
    leases: new Leases(),
    runners: new Runners(),
    async begin(thread, message) {
      server.runners.serve(thread);
      const deadline = Date.now() + AMP_TIMEOUT_MS;
      while (!executors.has(thread) && Date.now() < deadline) await sleep(20);
      const peer = executors.get(thread);
      if (!peer) throw new Error(`no runner serves ${thread}`);
      const content = [{ type: "text", text: message }];
      await takeTurn(server, peer, thread, { content, messageId: newMessage() });
    },
    prompts: () =>
      [...server.threads.values()]
        .flat()
        .filter(({ role }) => role === "user")
        .sort((one, other) => one.at - other.at)
        .map(({ text: said }) => said),
    async close() {
      const closed = new Promise((resolve) => http.close(resolve));
      for (const socket of sockets) socket.terminate();
      http.closeAllConnections();
      await closed;
    },
  };
  http.on("request", (request, response) => {
    answer(server, request, response).catch(() => response.destroy());
  });
  const executors = new Map<string, WebSocket>();
  const sockets = acceptSockets(http, server, executors);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  server.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return server;
}

async function answer(server: AmpServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  const body = parsed(await text(request)) as { method?: string; params?: unknown };
  const isInternal = pathname === "/api/internal";
  const { method = "", params = body } = body;
  const name = isInternal ? method : `${request.method} ${pathname}`;
  server.requests.push({ name, params, at: Date.now() });

  const { behaviour } = server;
  if (behaviour === "breaks-off") return void request.socket.destroy();
  if (behaviour === "is-slow") await sleep(SLOWNESS_MS);
  if (behaviour === "is-silent") return;
  if (behaviour === "refuses-key") return send(response, 401, { error: "Unauthorized" });
  if (behaviour === "fails") return send(response, 500, { error: "internal" });
  if (behaviour === "is-portal") return sendPage(response);
  // `threads new` names no thread of its own; Amp on the terminal does.
  if (behaviour === "opens-no-thread" && name === "POST /api/thread-actors" && !threadIn(params))
    return send(response, 500, { error: "not now" });
  if (!isInternal) return send(response, 200, credentials(pathname, params));
  const thread = threadIn(params);
  if (behaviour === "knows-no-thread" && thread !== undefined) {
    const error = { code: "thread-not-found", message: "Thread not found" };
    return send(response, 200, { ok: false, error });
  }
  send(response, 200, { ok: true, result: resultOf(server, method, thread) });
}

const USER_ID = "user_01TESTTESTTESTTESTTESTTEST";
const AGENT_MODE = "medium";

/** Results of `/api/internal`, by method. */
function resultOf(server: AmpServer, method: string, thread: string | undefined): unknown {
  switch (method) {
    case "getUserInfo":
      return { id: USER_ID, email: "dev@example.com", features: [], team: null };
    case "loadPlugins":
    case "loadSkills":
    case "listAgentModes":
    case "notices":
      return [];
    case "splashDispatch":
    case "newsCard":
      return null;
    case "getThreadTail":
    case "getThreadInitialTranscriptPage":
      return transcript(thread ?? newThread(), server.threads.get(thread ?? "") ?? []);
    case "listAutomations":
      return { automations: [] };
    case "listRunnerShares":
      return { shares: [], runners: [], runnerShares: [], items: [] };
    default:
      return {};
  }
}

function transcript(id: string, said: readonly Said[]): unknown {
  const messages = said.map((message, index) => ({
    role: message.role,
    messageId: index,
    dtoMessageID: `M-${index}`,
    content: [{ type: "text", text: message.text }],
    ...(message.role === "assistant" && { state: { type: "complete", stopReason: "end_turn" } }),
  }));
  const data = { id, v: messages.length + 1, created: Date.now(), agentMode: AGENT_MODE, messages: [] };
  const page = { messages, hasMoreBefore: false, firstMessageIndex: 0, firstMessageID: "M-0" };
  return { thread: { data }, ...page };
}

/** Outside of `/api/internal`: what Amp needs to open its websockets. */
function credentials(pathname: string, params: unknown): unknown {
  const common = { userId: USER_ID, wsToken: "ws-token-test", poolName: "test" };
  if (!pathname.includes("thread-actors")) return common;
  const threadId = threadIn(pathname) ?? threadIn(params) ?? newThread();
  return { ...common, threadId, ownerUserId: USER_ID, threadVersion: 1 };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** What a captive portal answers to whatever is asked. */
function sendPage(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/html" });
  response.end(
    "<!DOCTYPE html><html><head><title>Welcome to our Wi-Fi</title></head><body>Log in</body></html>",
  );
}

const NO_SOCKETS: ReadonlySet<AmpServerBehaviour> = new Set([
  "breaks-off",
  "refuses-key",
  "fails",
  "is-portal",
]);

/**
 * Takes every websocket.
 *
 * @param executors gets, by thread, the Amp that runs it
 * @returns those that are open
 */
function acceptSockets(http: Server, server: AmpServer, executors: Map<string, WebSocket>): Set<WebSocket> {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => offered.values().next().value ?? false,
  });
  http.on("upgrade", (request, socket, head) => {
    server.requests.push({ name: `upgrade ${request.url ?? ""}`, params: undefined, at: Date.now() });
    if (server.behaviour === "is-silent") return;
    if (NO_SOCKETS.has(server.behaviour)) return void socket.destroy();
    sockets.handleUpgrade(request, socket, head, (peer) => {
      const runner = Runners.idIn(request.headers["sec-websocket-protocol"]);
      if (runner !== undefined) return server.runners.connect(peer, runner);
      const thread = threadIn(request.url) ?? newThread();
      peer.on("close", () => {
        server.leases.forget(peer);
        if (executors.get(thread) === peer) executors.delete(thread);
      });
      peer.on("message", (data) => {
        if (String(data).includes('"executor_tools_bootstrap_complete"')) executors.set(thread, peer);
        void reply(server, peer, thread, data);
      });
      // Only once something has come does Amp take a connection that merely watches for one that is ready.
      if (server.behaviour !== "keeps-connecting") tell(peer, "observers", { count: 1 });
      peer.on("error", () => {});
    });
  });
  return sockets.clients;
}

async function reply(server: AmpServer, peer: WebSocket, thread: string, data: RawData): Promise<void> {
  const frame = String(data);
  if (frame === "ping") return peer.send("pong");
  const { id, method = "", params = {} } = parsed(frame) as RpcRequest;
  server.requests.push({ name: `ws ${method}`, params, at: Date.now() });
  if (method === "executor_plugin_message" && isQuestion(params["message"])) {
    tell(peer, "agent_state", { state: "awaiting_approval", agentMode: AGENT_MODE });
  }
  if (id === undefined) return;
  const { clientId, handshakeSeq } = params;
  const isConnect = method === "executor_connect";
  const result = isConnect ? { ok: true, clientId, handshakeSeq, role: "executor" } : {};
  peer.send(JSON.stringify({ jsonrpc: "2.0", id, result }));
  if (isConnect && server.behaviour !== "keeps-connecting") {
    tell(peer, "executor_connected", { executorId: clientId, registeredToolCount: 0, guidanceInventory: [] });
    tell(peer, "agent_state", { state: "idle", agentMode: AGENT_MODE });
  }
  if (method === "client_cancel") tell(peer, "agent_state", { state: "idle", agentMode: AGENT_MODE });
  if (method === "client_append_user_msg") await takeTurn(server, peer, thread, params);
  if (method === "executor_tool_result") server.leases.settle(params);
}

/** Amp's permission system asks by a dialog; that the server then calls the thread waiting was read in Amp, not seen. */
function isQuestion(message: unknown): boolean {
  const { type, method } = (message ?? {}) as Record<string, unknown>;
  return type === "request" && String(method).startsWith("ui.");
}

interface RpcRequest {
  id?: unknown;
  method?: string;
  params?: Record<string, unknown>;
}

/** Keeps what the user said and answers it. */
async function takeTurn(
  server: AmpServer,
  peer: WebSocket,
  threadId: string,
  { content, messageId }: Record<string, unknown>,
): Promise<void> {
  const said = (content as { text?: string }[]).map((block) => block.text ?? "").join("");
  const messages = server.threads.get(threadId) ?? [];
  server.threads.set(threadId, messages);
  messages.push({ role: "user", text: said, at: Date.now() });
  const user = { threadId, role: "user", content, messageId };
  tell(peer, "message_added", { message: user, seq: messages.length });
  let answerId = newMessage();
  let answerText = `Echo: ${said.split("\n")[0]}`;
  tell(peer, "agent_state", { state: "streaming", agentMode: AGENT_MODE, messageId: answerId });
  tell(peer, "inference_tools", { messageId: answerId, agentMode: AGENT_MODE, tools: ["shell_command"] });

  if (server.behaviour === "thinks-for-long") return;
  const { turn } = server;
  const event = { thread: { id: threadId }, message: said, id: messageId };
  if (turn) await askPlugins(server, peer, "agent.start", event);
  await sleep(TURN_MS);
  const asked = callsIn(said);
  const oneByOne = (turn?.tools ?? []).map((tool) => [callOf(tool)]);
  for (const calls of asked.length > 0 ? [...oneByOne, asked] : oneByOne) {
    tell(peer, "message_added", { message: { threadId, ...toolUses(answerId, calls) }, seq: 0 });
    tell(peer, "agent_state", { state: "running_tools", agentMode: AGENT_MODE, messageId: answerId });
    const runs = await server.leases.make(peer, answerId, calls);
    if (runs === undefined) return;
    tell(peer, "message_added", { message: { threadId, ...resultMessage(calls, runs) }, seq: 0 });
    answerId = newMessage();
    tell(peer, "agent_state", { state: "streaming", agentMode: AGENT_MODE, messageId: answerId });
    answerText = summaryOf(calls, runs);
  }
  messages.push({ role: "assistant", text: answerText, at: Date.now() });
  const assistant = {
    threadId,
    role: "assistant",
    content: [{ type: "text", text: answerText }],
    state: { type: "complete" },
    messageId: answerId,
  };
  tell(peer, "message_added", { message: assistant, seq: messages.length });
  if (turn) await askPlugins(server, peer, "agent.end", { ...event, status: turn.ends, messages: [] });
  tell(peer, "agent_state", { state: "idle", agentMode: AGENT_MODE });
}

/** Amp's server waits for the plugins at a turn's begin and end. */
async function askPlugins(server: AmpServer, peer: WebSocket, method: string, event: object): Promise<void> {
  const id = randomUUID();
  const from = server.requests.length;
  tell(peer, "plugin_message", { message: { type: "request", id, method, params: { event } } });
  const isAnswer = ({ name, params }: AmpRequest) =>
    name === "ws executor_plugin_message" && (params as { message?: { id?: string } }).message?.id === id;
  const deadline = Date.now() + AMP_TIMEOUT_MS;
  while (!server.requests.slice(from).some(isAnswer) && Date.now() < deadline) await sleep(20);
}

function tell(peer: WebSocket, method: string, params: object): void {
  peer.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
}

function threadIn(value: unknown): string | undefined {
  return JSON.stringify(value ?? "").match(/T-[0-9a-f]{8}-[0-9a-f-]{27}/)?.[0];
}

function newThread(): string {
  return `T-${randomUUID()}`;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) ?? {};
  } catch {
    return {};
  }
}
