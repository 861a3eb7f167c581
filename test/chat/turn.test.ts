import { afterEach, beforeEach, expect, test } from "vitest";
import { type TurnOptions, takeTurn } from "../../src/chat/turn.ts";
import { type FakeConversation, startFakeConversation } from "./fake-conversation.ts";

let fake: FakeConversation;
beforeEach(async () => {
  fake = await startFakeConversation();
});
afterEach(() => fake.close());

function turn(options: Partial<TurnOptions> = {}): {
  answer: Promise<string>;
  grown: string[];
  faults: string[];
} {
  const grown: string[] = [];
  const faults: string[] = [];
  const answer = takeTurn({
    client: fake.client,
    text: "hello",
    onWait: () => {},
    onSend: () => {},
    onAnswer: (text) => void grown.push(text),
    onFault: (message) => void faults.push(message),
    onEvent: () => {},
    signal: new AbortController().signal,
    ...options,
  });
  answer.catch(() => {});
  return { answer, grown, faults };
}

test("a message is answered: only what came after it counts", async () => {
  fake.say("user", "earlier");
  fake.say("agent", "old answer");
  const { answer, grown } = turn();
  await fake.received("hello");
  fake.say("agent", "He");
  await expect.poll(() => grown).toEqual(["He"]);
  fake.change("Hello!");
  fake.drop();
  await expect.poll(() => grown.at(-1)).toBe("Hello!");
  fake.status("stable");
  expect(await answer).toBe("Hello!");
});

test("an agent at work is waited for before anything is sent", async () => {
  fake.status("running");
  let isWaiting = false;
  const { answer } = turn({
    onWait: () => {
      isWaiting = true;
    },
  });
  await expect.poll(() => isWaiting).toBe(true);
  expect(fake.posted).toEqual([]);
  fake.status("stable");
  await fake.received("hello");
  fake.say("agent", "yes");
  fake.status("stable");
  expect(await answer).toBe("yes");
});

test("a message that is not taken is an error with AgentAPI's reason", async () => {
  fake.refusal = "message must be trimmed of leading and trailing whitespace";
  await expect(turn().answer).rejects.toThrow(/did not take the message: message must be trimmed/);
});

test("who gives up waits no longer", async () => {
  fake.status("running");
  const stop = new AbortController();
  const { answer } = turn({ signal: stop.signal });
  stop.abort(new Error("given up"));
  await expect(answer).rejects.toThrow("given up");
  expect(fake.posted).toEqual([]);
});

test("AgentAPI's own words about a fault are passed on", async () => {
  const { answer, faults } = turn();
  await fake.received("hello");
  fake.fault("the agent is unwell");
  await expect.poll(() => faults).toEqual(["the agent is unwell"]);
  fake.status("stable");
  expect(await answer).toBe("");
});
