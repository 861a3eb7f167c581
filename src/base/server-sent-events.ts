import { createParser, type EventSourceMessage } from "eventsource-parser";

/** Memory must not grow with a stream that never ends an event. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

/**
 * The events of one open stream. Reads on only when the events read so far are taken, so that a slow reader slows the
 * server down instead of filling memory. Ends with the body.
 *
 * @throws Error if an event is longer than 32 Mi characters, or what reading the body throws
 */
export async function* readServerSentEvents(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<EventSourceMessage, void, undefined> {
  const ready: EventSourceMessage[] = [];
  let isTooLong = false;
  const parser = createParser({
    maxBufferSize: MOST_CHARACTERS,
    onEvent: (message) => ready.push(message),
    onError: (error) => {
      isTooLong ||= error.type === "max-buffer-size-exceeded";
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (isTooLong) throw new Error(`an event of more than ${MOST_CHARACTERS} characters`);
    yield* ready.splice(0);
  }
}
