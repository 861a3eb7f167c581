import fc from "fast-check";
import { expect, test } from "vitest";
import type { Message } from "../../src/agentapi/contract.ts";
import { snapshotBody } from "../../src/conversation/snapshot.ts";
import { anyCharacter, holds } from "../support/fuzz.ts";

const MOST_BYTES = 65_536;
const message = (id: number, content: string, role: Message["role"] = "agent"): Message => ({
  id,
  role,
  content,
  time: "2026-09-23T10:00:00Z",
});

/** The body read as strictly as can be: a half code point or cut JSON is an error. */
function read(body: Uint8Array | undefined): Message[] {
  expect(body).toBeDefined();
  const bytes = body ?? new Uint8Array();
  expect(bytes.length).toBeLessThanOrEqual(MOST_BYTES);
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  expect(text).not.toMatch(/\\ud[89a-f]|\ufffd/i);
  return (JSON.parse(text) as { messages: Message[] }).messages;
}

test("no messages, no body", () => {
  expect(snapshotBody([])).toBeUndefined();
});

test("of a short conversation the last ten messages, as they are", () => {
  const messages = Array.from({ length: 25 }, (_, id) =>
    message(id, `message ${id}`, id % 2 ? "agent" : "user"),
  );
  expect(read(snapshotBody(messages))).toEqual(messages.slice(-10));
  expect(read(snapshotBody(messages.slice(0, 3)))).toEqual(messages.slice(0, 3));
});

test("messages that do not fit together: the newest ones that do, none of them cut", () => {
  const messages = Array.from({ length: 10 }, (_, id) => message(id, `${id}`.repeat(20_000)));
  expect(read(snapshotBody(messages)).map(({ id }) => id)).toEqual([7, 8, 9]);
});

test("one message of 10 MB of 4-byte characters: its end, whole characters, and no room left unused", () => {
  for (const ahead of ["", "a", "aa", "aaa"]) {
    const content = `${ahead}${"😀".repeat(2_500_000)}${ahead}the end`;
    const before = message(0, "old");
    const from = performance.now();
    const body = snapshotBody([before, message(1, content)]);
    expect(performance.now() - from).toBeLessThan(1000);
    const [only, ...others] = read(body);
    expect(others).toEqual([]);
    expect(only?.id).toBe(1);
    expect(only?.content).toMatch(/^\[… the beginning is cut off …\]\n/);
    expect(content.endsWith(only?.content.split("\n")[1] ?? "?")).toBe(true);
    expect(body?.length).toBeGreaterThan(MOST_BYTES - 4);
  }
});

test("10 MB in many messages", () => {
  const messages = Array.from({ length: 1000 }, (_, id) => message(id, 'é"\\\n\u0000😀'.repeat(900)));
  const kept = read(snapshotBody(messages));
  expect(kept).toEqual(messages.slice(-kept.length));
  expect(kept.length).toBeGreaterThan(1);
});

test("ten messages of 10 MB each cost no more than one", () => {
  const huge = "x".repeat(10_000_000);
  const from = performance.now();
  const kept = read(snapshotBody([...Array(9).fill(message(0, huge)), message(9, "the end")]));
  expect(kept.map(({ content }) => content)).toEqual(["the end"]);
  expect(performance.now() - from).toBeLessThan(300);
});

test("whatever the conversation: valid JSON within the limit, the newest kept, a cut message its own end", async () => {
  const piece = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.constantFrom("😀", "\u0000", '"', "\\", "日本語", "\n", "e\u0301", "👨‍👩‍👧"),
  );
  const content = fc
    .tuple(piece, fc.oneof({ weight: 4, arbitrary: fc.nat(40) }, fc.nat(30_000)), piece)
    .map(([start, times, end]) => start.repeat(Math.min(times, 100_000 / (start.length || 1))) + end);
  await holds(
    fc.property(fc.array(content, { minLength: 1, maxLength: 6 }), (contents) => {
      const messages = contents.map((text, id) => message(id, text));
      const kept = read(snapshotBody(messages));
      const newest = kept.at(-1);
      expect(newest?.id).toBe(messages.length - 1);
      const own = newest?.content.replace(/^\[… the beginning is cut off …\]\n/, "") ?? "?";
      expect(messages.at(-1)?.content.endsWith(own)).toBe(true);
      if (kept.length > 1) expect(kept).toEqual(messages.slice(-kept.length));
    }),
  );
});

test("half a surrogate pair in a message is no reason to fail", () => {
  expect(JSON.parse(new TextDecoder().decode(snapshotBody([message(0, "a\ud83d")])))).toBeDefined();
});
