import { createParser, type EventSourceMessage } from "eventsource-parser";
import { protocolError, type Target, timeoutError, unreachableError } from "./errors.ts";
import {
  type AgentFault,
  agentFault,
  type MessageUpdate,
  messageUpdate,
  parseBody,
  parseJson,
  type StatusChange,
  screenBody,
  statusChange,
} from "./responses.ts";

/** One event of `/events`. A name that this client does not know comes as `unknown`, its data parsed where it is JSON. */
export type AgentApiEvent =
  | { event: "message_update"; data: MessageUpdate }
  | { event: "status_change"; data: StatusChange }
  | { event: "agent_error"; data: AgentFault }
  | { event: "unknown"; name: string; data: unknown };

export interface ReadOptions {
  target: Target;
  /** Longest silence; the connection is closed after it. */
  idleTimeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** A stream that sends this much without ending an event is not AgentAPI's; memory must not grow with it. */
const maxEventCharacters = 32 * 1024 * 1024;

/** The events of one open `/events` connection. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<AgentApiEvent, void, undefined> {
  for await (const message of readStream(body, options)) yield toEvent(options.target, message);
}

/** The screens of one open `/internal/screen` connection, each as its lines of text. */
export async function* readScreens(
  body: ReadableStream<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<string, void, undefined> {
  for await (const { event, data } of readStream(body, options)) {
    if (event === "screen") yield parseBody(options.target, screenBody, data).screen;
  }
}

/**
 * The messages of one open connection. Reads on only when the events read so far are taken, so that a slow reader
 * slows the server down instead of filling memory. Ends when the server closes; leaving the loop closes the connection.
 */
async function* readStream(
  body: ReadableStream<Uint8Array>,
  { target, idleTimeoutMs, signal }: ReadOptions,
): AsyncGenerator<EventSourceMessage, void, undefined> {
  const ready: EventSourceMessage[] = [];
  let isTooLong = false;
  const parser = createParser({
    maxBufferSize: maxEventCharacters,
    onEvent: (message) => ready.push(message),
    onError: (error) => {
      isTooLong ||= error.type === "max-buffer-size-exceeded";
    },
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const chunk = await nextChunk(reader, { target, idleTimeoutMs, signal });
      if (chunk === undefined) return;
      parser.feed(decoder.decode(chunk, { stream: true }));
      if (isTooLong)
        throw protocolError(target, `an event of more than ${maxEventCharacters} characters`, "");
      yield* ready.splice(0);
    }
  } finally {
    // Not awaited: a peer that no longer answers must not hold the loop.
    reader.cancel().catch(() => {});
  }
}

/** `undefined` at the end of the stream. Silence, abort and a broken connection reject. */
async function nextChunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { target, idleTimeoutMs, signal }: ReadOptions,
): Promise<Uint8Array | undefined> {
  signal?.throwIfAborted();
  let stop = (_reason: unknown): void => {};
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = reject;
  });
  const onAbort = (): void => stop(signal?.reason);
  const timer = setTimeout(() => stop(timeoutError(target, idleTimeoutMs, "event")), idleTimeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  const read = reader.read().catch((cause: unknown) => {
    throw signal?.aborted ? signal.reason : unreachableError(target, cause);
  });
  try {
    const { value } = await Promise.race([read, stopped]);
    return value;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    read.catch(() => {});
  }
}

function toEvent(target: Target, { event = "message", data }: EventSourceMessage): AgentApiEvent {
  switch (event) {
    case "message_update":
      return { event, data: parseBody(target, messageUpdate, data) };
    case "status_change":
      return { event, data: parseBody(target, statusChange, data) };
    case "agent_error":
      return { event, data: parseBody(target, agentFault, data) };
    default:
      return { event: "unknown", name: event, data: parseJson(data) ?? data };
  }
}
