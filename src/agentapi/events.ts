import type * as z from "zod/mini";
import { readServerSentEvents } from "../base/server-sent-events.ts";
import { eventBodies, screenBody } from "./contract.ts";
import { withDeadline } from "./deadline.ts";
import { AgentApiError, protocolError, type Target } from "./errors.ts";
import { parseBody, parseJson } from "./parse.ts";

type Bodies = typeof eventBodies;
type KnownEvent = { [Name in keyof Bodies]: { event: Name; data: z.infer<Bodies[Name]> } }[keyof Bodies];

/** One event of `/events`. A name that this client does not know comes as `unknown`, its data parsed if it is JSON. */
export type AgentApiEvent = KnownEvent | { event: "unknown"; name: string; data: unknown };

export interface ReadOptions {
  target: Target;
  /** Longest silence, in milliseconds. */
  idleTimeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** The events of one open `/events` connection. */
export async function* readEvents(
  body: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<AgentApiEvent, void, undefined> {
  for await (const { event = "message", data } of read(body, options)) {
    if (!isKnown(event)) {
      yield { event: "unknown", name: event, data: parseJson(data) ?? data };
      continue;
    }
    // The table pairs each name with its own data, which TypeScript cannot follow.
    const expected: z.ZodMiniType = eventBodies[event];
    yield { event, data: parseBody(options.target, expected, data) } as KnownEvent;
  }
}

/** The screens of one open `/internal/screen` connection, each as its lines of text. */
export async function* readScreens(
  body: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<string, void, undefined> {
  for await (const { event, data } of read(body, options)) {
    if (event === "screen") yield parseBody(options.target, screenBody, data).screen;
  }
}

async function* read(body: AsyncIterable<Uint8Array>, options: ReadOptions) {
  try {
    yield* readServerSentEvents(withoutSilence(body, options));
  } catch (error) {
    if (error instanceof AgentApiError || options.signal?.aborted) throw error;
    throw protocolError(options.target, error instanceof Error ? error.message : String(error), "");
  }
}

/** The same pieces. Silence, abort and a broken connection reject, each as it would for a single request. */
async function* withoutSilence(
  body: AsyncIterable<Uint8Array>,
  { target, idleTimeoutMs, signal }: ReadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = body[Symbol.asyncIterator]();
  for (;;) {
    const wait = { timeoutMs: idleTimeoutMs, signal, what: "event" as const };
    const { done, value } = await withDeadline(target, wait, () => pieces.next());
    if (done) return;
    yield value;
  }
}

function isKnown(name: string): name is keyof Bodies {
  return Object.hasOwn(eventBodies, name);
}
