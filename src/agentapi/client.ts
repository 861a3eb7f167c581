import createClient, { type Client } from "openapi-fetch";
import { withDeadline } from "./deadline.ts";
import { httpError, protocolError, publicUrl, type Target } from "./errors.ts";
import { type AgentApiEvent, type ReadOptions, readEvents, readScreens } from "./events.ts";
import {
  acceptedBody,
  type Message,
  messagesBody,
  parseBody,
  type Status,
  statusBody,
  uploadedBody,
} from "./responses.ts";
import type { components, paths } from "./schema.ts";

export type NewMessage = components["schemas"]["NewMessage"];

export interface ClientOptions {
  /** Where AgentAPI listens, such as `http://127.0.0.1:3284`; `fetch` takes no user name or password in it. */
  baseUrl: string;
  /** How long one request may take, in milliseconds; 5000 unless given. `sendMessage` and `upload` have their own. */
  timeoutMs?: number;
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
  // Not before the first request: it loads the runtime's fetch, which in Node takes as long as Node's own start.
  let openapiClient: Client<paths> | undefined;
  const api = () => {
    openapiClient ??= createClient<paths>({ baseUrl, ...(fetch && { fetch }) });
    return openapiClient;
  };

  function targetOf(method: "GET" | "POST", path: keyof paths): Target {
    return { method, url: publicUrl(baseUrl.replace(/\/$/, "") + path) };
  }

  /** Closes the connection however the loop ends; the deadline's own signal must not outlive the first answer. */
  async function* stream<Item>(
    path: "/events" | "/internal/screen",
    read: (body: ReadableStream<Uint8Array>, options: ReadOptions) => AsyncGenerator<Item, void, undefined>,
    request: EventsOptions,
  ): AsyncGenerator<Item, void, undefined> {
    // The published description names only the first of the two.
    const typedPath = path as "/events";
    const target = targetOf("GET", typedPath);
    const connection = new AbortController();
    try {
      const answer = await withDeadline(target, { timeoutMs, ...request }, (signal) => {
        signal.addEventListener("abort", () => connection.abort(signal.reason), { once: true });
        return api().GET(typedPath, { signal: connection.signal, parseAs: "stream" });
      });
      yield* read(streamOf(target, answer), { target, idleTimeoutMs: silenceLimitMs, ...request });
    } finally {
      connection.abort();
    }
  }

  return {
    baseUrl,
    async status(request) {
      const target = targetOf("GET", "/status");
      return withDeadline(target, { timeoutMs, ...request }, async (signal) => {
        const text = textOf(target, await api().GET("/status", { signal, parseAs: "text" }));
        return parseBody(target, statusBody, text);
      });
    },
    async messages(request) {
      const target = targetOf("GET", "/messages");
      return withDeadline(target, { timeoutMs, ...request }, async (signal) => {
        const text = textOf(target, await api().GET("/messages", { signal, parseAs: "text" }));
        return parseBody(target, messagesBody, text).messages;
      });
    },
    async sendMessage(body, request) {
      const target = targetOf("POST", "/message");
      await withDeadline(target, { timeoutMs: sendTimeoutMs, ...request }, async (signal) => {
        const text = textOf(target, await api().POST("/message", { body, signal, parseAs: "text" }));
        parseBody(target, acceptedBody, text);
      });
    },
    async upload(file, name, request) {
      const target = targetOf("POST", "/upload");
      const form = new FormData();
      form.append("file", file, name);
      return withDeadline(target, { timeoutMs: uploadTimeoutMs, ...request }, async (signal) => {
        const answer = await api().POST("/upload", {
          body: { file: name },
          bodySerializer: () => form,
          signal,
          parseAs: "text",
        });
        return { filePath: parseBody(target, uploadedBody, textOf(target, answer)).filePath };
      });
    },
    events: (request = {}) => stream("/events", readEvents, request),
    screens: (request = {}) => stream("/internal/screen", readScreens, request),
  };
}

/** The address is not repeated in the error: what makes it unusable may be a password. */
function isUsable(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, username, password, search, hash } = new URL(address);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === "";
}

interface Answer {
  data?: unknown;
  error?: unknown;
  response: Response;
}

function textOf(target: Target, { data, error, response }: Answer): string {
  if (!response.ok) throw httpError(target, response.status, error);
  return typeof data === "string" ? data : "";
}

function streamOf(target: Target, { data, error, response }: Answer): ReadableStream<Uint8Array> {
  if (!response.ok) throw httpError(target, response.status, error);
  const type = response.headers.get("content-type") ?? "none";
  if (!(data instanceof ReadableStream) || !type.startsWith("text/event-stream")) {
    throw protocolError(target, `content type ${type}, not an event stream`, "", response.status);
  }
  return data;
}
