import { expect, test } from "vitest";
import { readServerSentEvents } from "../../src/base/server-sent-events.ts";

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function all(body: AsyncIterable<Uint8Array>) {
  const events = [];
  for await (const { event, data } of readServerSentEvents(body)) events.push({ event, data });
  return events;
}

test("names and data, in whatever pieces they come; half an event at the end is none", async () => {
  expect(await all(pieces("event: a\nda", "ta: 1\n\ndata: 2\n", "data: 3\n\nevent: b\ndata: half"))).toEqual([
    { event: "a", data: "1" },
    { event: undefined, data: "2\n3" },
  ]);
});

test("an event that never ends is an error, not memory", async () => {
  const endless = pieces("data: ", ...Array<string>(40).fill("x".repeat(1024 * 1024)));
  await expect(all(endless)).rejects.toThrow(/more than 33554432 characters/);
});

test("who leaves the loop closes the body", async () => {
  let isClosed = false;
  async function* body() {
    try {
      for (;;) yield new TextEncoder().encode("data: 1\n\n");
    } finally {
      isClosed = true;
    }
  }
  for await (const { data } of readServerSentEvents(body())) {
    expect(data).toBe("1");
    break;
  }
  expect(isClosed).toBe(true);
});
