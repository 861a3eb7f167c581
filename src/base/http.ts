import type { ClientRequest, IncomingMessage } from "node:http";
import { reasonOf } from "./errors.ts";

export interface HttpRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
  signal: AbortSignal;
}

/** The answer to one request; redirects are the caller's business. */
export interface HttpAnswer {
  status: number;
  header: (name: string) => string | undefined;
  /** Must be read to its end, or left with `close`. */
  body: AsyncIterable<Uint8Array>;
  /** Closes the connection, even while the body is being read. */
  close: () => void;
}

/** In bun and deno, whose own fetch is the fast one and follows the environment's proxy and CA bundle. */
export const hasFastFetch = "Bun" in globalThis || "Deno" in globalThis;

/**
 * One request over a connection of its own, never through a proxy: for servers on this machine.
 *
 * Node's own fetch costs 130 ms of CPU for one request on Node 20, and opens a spare connection that holds up the end of
 * a server. In bun it is `node:http` that costs, 40 ms and more, and fetch that is fast.
 *
 * @throws the signal's own reason once it is aborted
 */
export async function requestDirectly(url: URL, request: HttpRequest): Promise<HttpAnswer> {
  const isProxyNamed = Object.keys(process.env).some((name) => /^(https?|all)_proxy$/i.test(name));
  // Bun's and deno's fetch would ask the proxy even for this machine.
  if (hasFastFetch && !isProxyNamed) return requestWithFetch(fetch, url, request);
  const { method = "GET", headers = {}, body, signal } = request;
  const module = await (url.protocol === "https:" ? import("node:https") : import("node:http"));
  signal.throwIfAborted();
  return answerTo(module.request(url, { method, headers, signal, agent: false }), { body, signal });
}

/** The same with a given `fetch`, which decides on proxy and certificates. */
export async function requestWithFetch(
  fetch: typeof globalThis.fetch,
  url: URL,
  { method = "GET", headers = {}, body, signal }: HttpRequest,
): Promise<HttpAnswer> {
  // Of its own, to close the connection while a read is pending: a stream that is being read cannot be cancelled.
  const connection = new AbortController();
  const close = () => {
    signal.removeEventListener("abort", close);
    connection.abort(signal.reason);
  };
  signal.throwIfAborted();
  signal.addEventListener("abort", close);
  const { signal: open } = connection;
  const options = { method, headers, body: body ?? null, signal: open, redirect: "manual" as const };
  const response = await fetch(url, options).catch((cause: unknown) => {
    close();
    if (signal.aborted) throw signal.reason;
    // deno repeats the address, with a password that is in it.
    throw new Error(reasonOf(cause).replace(/ for url \([^)]*\)/, ""), { cause });
  });
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    body: response.body ?? emptyBody(),
    close,
  };
}

/** Sends what `node:http` or `node:https` has prepared. */
export async function answerTo(
  sent: ClientRequest,
  { body, signal }: { body: HttpRequest["body"]; signal: AbortSignal },
): Promise<HttpAnswer> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    // It stays: a connection may break, or be closed, after the answer has begun.
    sent.on("error", (error) => reject(signal.aborted ? signal.reason : error));
    sent.once("response", resolve).end(body);
  });
  return {
    status: answer.statusCode ?? 0,
    header: (name) => firstOf(answer.headers[name.toLowerCase()]),
    body: answer,
    close: () => void answer.destroy(),
  };
}

/** The body as text; of one that is longer than `most` characters, a beginning that is longer, too. */
export async function bodyText({ body }: HttpAnswer, most = Infinity): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of body) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > most) return text;
  }
  return text + decoder.decode();
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}
