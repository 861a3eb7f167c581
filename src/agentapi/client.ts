import type * as z from "zod/mini";
import { bodyText, type HttpAnswer, requestDirectly, requestWithFetch } from "../base/http.ts";
import { endpoints, type Message, type NewMessage, type Status, streams } from "./contract.ts";
import { withDeadline } from "./deadline.ts";
import { httpError, protocolError, publicUrl, type Target } from "./errors.ts";
import { type AgentApiEvent, type ReadOptions, readEvents, readScreens } from "./events.ts";
import { parseBody, parseJson } from "./parse.ts";

export interface ClientOptions {
  /** Where AgentAPI listens, such as `http://127.0.0.1:3284`, without user name and password. */
  baseUrl: string;
  /** How long one request may take, in milliseconds; 5000 unless given. `sendMessage` and `upload` have their own. */
  timeoutMs?: number;
  /** Carries the requests in place of a direct connection, for a proxy or headers of your own. */
  fetch?: typeof globalThis.fetch;
}

export interface RequestOptions {
  /** Aborting rejects with the signal's own reason. */
  signal?: AbortSignal;
  timeoutMs?: number;
}

export interface EventsOptions extends RequestOptions {
  /**
   * Longest silence in milliseconds before the stream ends with a `timeout` error; four minutes unless given. A
   * waiting agent is silent: subscribe again, the first events rebuild the conversation.
   */
  idleTimeoutMs?: number;
}

/** All methods reject with `AgentApiError`, or with the abort reason of the caller's signal. */
export interface AgentApiClient {
  readonly baseUrl: string;
  /** While a user message is on its way, AgentAPI holds this answer back until it has arrived (up to 32 s). */
  status(options?: RequestOptions): Promise<Status>;
  /** The whole conversation, oldest first. Held back like `status`. */
  messages(options?: RequestOptions): Promise<Message[]>;
  /**
   * Resolves when the agent reacts to a `user` message, or when `raw` keys are written. A `user` message needs a
   * `stable` agent, else this rejects with kind `http`, status 500.
   */
  sendMessage(message: NewMessage, options?: RequestOptions): Promise<void>;
  /** Stores a file of up to 10 MiB on the server's machine until the server stops. */
  upload(file: Blob, name: string, options?: RequestOptions): Promise<{ filePath: string }>;
  /** First the conversation and status so far, then each change. Each loop opens its own connection. */
  events(options?: EventsOptions): AsyncIterable<AgentApiEvent>;
  /** The agent's terminal as text, now and after each change. AgentAPI's own `attach` reads this. */
  screens(options?: EventsOptions): AsyncIterable<string>;
}

/** AgentAPI gives a message up to 15 s to appear on the screen and 15 s more to be taken. */
const sendTimeoutMs = 45_000;
const uploadTimeoutMs = 60_000;
/** Node and bun break a connection that is silent for five minutes; this client ends it earlier, with a clear error. */
export const silenceLimitMs = 240_000;

/** Throws `TypeError` for an address that no request can go to. */
export function createAgentApiClient(options: ClientOptions): AgentApiClient {
  const { baseUrl, timeoutMs = 5_000, fetch } = options;
  if (!isUsable(baseUrl)) {
    throw new TypeError("baseUrl must be an http or https address without user name, password and query");
  }

  function targetOf(method: "GET" | "POST", path: string): Target {
    return { method, url: publicUrl(baseUrl.replace(/\/$/, "") + path) };
  }

  /** The answer of a request that succeeded, its body still to be read. */
  async function send(target: Target, signal: AbortSignal, body?: Body): Promise<HttpAnswer> {
    const request = { method: target.method, signal, ...body };
    const url = new URL(target.url);
    const answer = await (fetch ? requestWithFetch(fetch, url, request) : requestDirectly(url, request));
    if (answer.status >= 200 && answer.status < 300) return answer;
    const text = await bodyText(answer);
    throw httpError(target, answer.status, parseJson(text) ?? text);
  }

  function call<Answer>(
    { method, path, answer }: Endpoint<Answer>,
    limitMs: number,
    request: RequestOptions = {},
    body?: Body,
  ): Promise<Answer> {
    const target = targetOf(method, path);
    return withDeadline(target, { timeoutMs: limitMs, ...request }, async (signal) => {
      const text = await bodyText(await send(target, signal, body));
      return parseBody(target, answer, text);
    });
  }

  /** Closes the connection however the loop ends. */
  async function* stream<Item>(
    path: string,
    read: (body: AsyncIterable<Uint8Array>, options: ReadOptions) => AsyncGenerator<Item, void, undefined>,
    request: EventsOptions,
  ): AsyncGenerator<Item, void, undefined> {
    const target = targetOf("GET", path);
    const answer = await withDeadline(target, { timeoutMs, ...request }, (signal) => send(target, signal));
    try {
      const type = answer.header("content-type") ?? "none";
      if (!type.startsWith("text/event-stream")) {
        throw protocolError(target, `content type ${type}, not an event stream`, "", answer.status);
      }
      yield* read(answer.body, { target, idleTimeoutMs: silenceLimitMs, ...request });
    } finally {
      answer.close();
    }
  }

  return {
    baseUrl,
    status: (request) => call(endpoints.status, timeoutMs, request),
    messages: async (request) => (await call(endpoints.messages, timeoutMs, request)).messages,
    async sendMessage(message, request) {
      const headers = { "content-type": "application/json" };
      await call(endpoints.sendMessage, sendTimeoutMs, request, { headers, body: JSON.stringify(message) });
    },
    async upload(file, name, request) {
      const form = await encodedForm(file, name);
      const { filePath } = await call(endpoints.upload, uploadTimeoutMs, request, form);
      return { filePath };
    },
    events: (request = {}) => stream(streams.events, readEvents, request),
    screens: (request = {}) => stream(streams.screens, readScreens, request),
  };
}

interface Endpoint<Answer> {
  method: "GET" | "POST";
  path: string;
  answer: z.ZodMiniType<Answer>;
}

interface Body {
  headers: Record<string, string>;
  body: string | Uint8Array<ArrayBuffer>;
}

/** The address is not repeated in the error: what makes it unusable may be a password. */
function isUsable(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, username, password, search, hash } = new URL(address);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === "";
}

/** The file as the form that a browser would send, encoded by the platform. */
async function encodedForm(file: Blob, name: string): Promise<Body> {
  const form = new FormData();
  form.append("file", file, name);
  const encoded = new Response(form);
  const headers = { "content-type": encoded.headers.get("content-type") ?? "" };
  return { headers, body: new Uint8Array(await encoded.arrayBuffer()) };
}
