import { setTimeout as sleep } from "node:timers/promises";
import type { AgentContext, SessionUpdate } from "@agentclientprotocol/sdk";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Delivery } from "../../src/acp/delivery.ts";
import { chunk } from "../../src/acp/updates.ts";
import { holds } from "../support/fuzz.ts";
import { textOf } from "./client.ts";

const signal = new AbortController().signal;

/**
 * A client as AgentAPI is: each notification is handled on its own, later, in whatever order; what is handled after
 * the turn's answer is dropped. `delayMs` says how much later.
 */
function discardingClient(delayMs: () => number) {
  const handled: SessionUpdate[] = [];
  const requests: string[] = [];
  let isAnswered = false;
  const context = {
    notify: async (_method: string, { update }: { update: SessionUpdate }) => {
      void sleep(delayMs()).then(() => !isAnswered && handled.push(update));
    },
    request: async (method: string) => {
      requests.push(method);
      await sleep(1);
      throw new Error("method not found");
    },
  } as unknown as AgentContext;
  return { context, handled, requests, answer: () => (isAnswered = true) };
}

test("joined and split, the text is the same, and no character is cut", async () => {
  await holds(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom("agent_message_chunk", "agent_thought_chunk"), fc.string())),
      async (parts) => {
        const client = discardingClient(() => 0);
        const sent: SessionUpdate[] = [];
        Object.assign(client.context, {
          notify: async (_: string, { update }: { update: SessionUpdate }) => sent.push(update),
        });
        const delivery = new Delivery(client.context, "s", { isPaced: false, echo: undefined, signal });
        for (const [kind, text] of parts) await delivery.send(chunk(kind as "agent_message_chunk", text));
        await delivery.flush();
        for (const kind of ["agent_message_chunk", "agent_thought_chunk"]) {
          expect(textOf(sent, kind)).toBe(
            parts.flatMap(([each, text]) => (each === kind ? text : [])).join(""),
          );
        }
      },
    ),
  );
});

test("a text of a million characters goes in pieces that a client can read", async () => {
  const sent: SessionUpdate[] = [];
  const context = {
    notify: async (_: string, { update }: { update: SessionUpdate }) => sent.push(update),
  } as unknown as AgentContext;
  const delivery = new Delivery(context, "s", { isPaced: false, echo: undefined, signal });
  const text = `x${"🧮".repeat(500_000)}`;
  await delivery.send(chunk("agent_message_chunk", text));
  await delivery.flush();

  expect(sent.length).toBeGreaterThan(3);
  expect(textOf(sent)).toBe(text);
  for (const update of sent) expect(textOf([update])).not.toMatch(/^[\udc00-\udfff]|[\ud800-\udbff]$/);
});

test("a client that handles late and out of order loses nothing, where only time can tell", async () => {
  for (let turn = 0; turn < 5; turn += 1) {
    const client = discardingClient(() => Math.random() * 35);
    const delivery = new Delivery(client.context, "s", { isPaced: true, echo: undefined, signal });
    for (const part of ["a", "b", "c", "d"]) {
      await delivery.send(chunk("agent_message_chunk", part));
      await sleep(5);
    }
    await delivery.flush();
    client.answer();
    await sleep(50);
    expect(textOf(client.handled)).toBe("abcd");
  }
});

test("with an echo it waits exactly as long as it takes, and asks nothing", async () => {
  const client = discardingClient(() => Math.random() * 300);
  const echo = {
    get state() {
      return String(client.handled.length);
    },
    connected: async () => true,
    changed: async (since: string) => {
      while (String(client.handled.length) === since) await sleep(1);
      return true;
    },
  };
  const delivery = new Delivery(client.context, "s", { isPaced: true, echo, signal });
  for (const part of ["a", "b", "c", "d"]) {
    await delivery.send(chunk("agent_message_chunk", part));
    await sleep(5);
  }
  await delivery.flush();
  client.answer();

  expect(textOf(client.handled)).toBe("abcd");
  expect(client.requests).toEqual([]);
});

test("an update that never shows is not waited for a second time", async () => {
  const client = discardingClient(() => 0);
  let waits = 0;
  const echo = { state: "", connected: async () => true, changed: async () => ++waits < 0 };
  const delivery = new Delivery(client.context, "s", { isPaced: true, echo, signal });
  for (const part of ["a", "b", "c"]) {
    await delivery.send(chunk("agent_message_chunk", part));
    await delivery.flush();
  }

  expect([waits, textOf(client.handled)]).toEqual([1, "abc"]);
});

test("a client that does not answer is not asked for ever", { timeout: 10_000 }, async () => {
  const client = discardingClient(() => 0);
  Object.assign(client.context, { request: () => new Promise(() => {}) });
  const delivery = new Delivery(client.context, "s", { isPaced: true, echo: undefined, signal });
  await delivery.send(chunk("agent_message_chunk", "a"));

  await expect(delivery.flush()).resolves.toBeUndefined();
});
