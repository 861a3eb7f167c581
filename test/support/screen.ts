import { readServerSentEvents } from "../../src/base/server-sent-events.ts";

/**
 * The screens of an agent as AgentAPI's terminal has them: the one of this moment and every one that follows, until
 * AgentAPI closes or the loop is left. Trailing white space of the whole screen is cut, that of its lines is not.
 */
export async function* screens(url: string, signal?: AbortSignal): AsyncGenerator<string, void, undefined> {
  const response = await fetch(`${url}/internal/screen`, signal ? { signal } : {});
  if (!response.ok || response.body === null) throw new Error(`${url}/internal/screen: ${response.status}`);
  for await (const { event, data } of readServerSentEvents(response.body)) {
    if (event !== "screen") throw new Error(`an event named ${event} on ${url}/internal/screen`);
    yield (JSON.parse(data) as { screen: string }).screen;
  }
}
