import { createParser } from "eventsource-parser";

/**
 * The screens of an agent as AgentAPI's terminal has them: the one of this moment and every one that follows, until
 * AgentAPI closes or the loop is left. Trailing white space of the whole screen is cut, that of its lines is not.
 */
export async function* screens(url: string, signal?: AbortSignal): AsyncGenerator<string, void, undefined> {
  const response = await fetch(`${url}/internal/screen`, signal ? { signal } : {});
  if (!response.ok || response.body === null) throw new Error(`${url}/internal/screen: ${response.status}`);
  const ready: string[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (event !== "screen") throw new Error(`an event named ${event} on ${url}/internal/screen`);
      ready.push((JSON.parse(data) as { screen: string }).screen);
    },
  });
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* ready.splice(0);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
