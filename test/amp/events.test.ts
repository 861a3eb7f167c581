import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeLine } from "../../src/amp/decode.ts";
import { type AmpEvent, isBlock, toEvent } from "../../src/amp/events.ts";
import { holds } from "../support/fuzz.ts";
import { anyEvent, anyJson } from "./random-events.ts";

const recorded = readFileSync(
  new URL("../fixtures/amp-stream/recorded/every-kind.jsonl", import.meta.url),
  "utf8",
)
  .trim()
  .split("\n");

test("every recorded event is known and comes through letter for letter", () => {
  const events = recorded.map((text, index) => decodeLine({ number: index + 1, text }).event);

  expect(events.map((event) => event.type)).toEqual(recorded.map((line) => JSON.parse(line).type));
  expect(events.map((event) => JSON.stringify(event))).toEqual(
    recorded.map((line) => JSON.stringify(JSON.parse(line))),
  );
});

test("blocks are told apart, and unknown ones are kept", () => {
  const event = toEvent(JSON.parse(recorded[2] ?? "")) as Extract<AmpEvent, { type: "assistant" }>;
  const { content } = event.message;

  expect(content.map((block) => block.type)).toEqual(["thinking", "redacted_thinking", "text", "tool_use"]);
  expect(content.flatMap((block) => (isBlock(block, "tool_use") ? block.name : []))).toEqual(["Bash"]);
  expect(content.flatMap((block) => (isBlock(block, "thinking") ? block.thinking : []))).toEqual(["Four."]);
});

test.each([
  [{ type: "telemetry", at: 1 }],
  [{ type: "system", subtype: "compacted", session_id: "T-1" }],
  [{ type: "hasOwnProperty" }],
  [{ no: "type" }],
  [["a", "list"]],
  [null],
  ["text"],
])("%j is an unknown event that is passed on as it is", (value) => {
  expect(toEvent(value)).toMatchObject({ type: "unknown", event: value });
});

test("a known event of an unknown shape says what is wrong, and does not reach readers of that event", () => {
  const value = { type: "assistant", session_id: "T-1", message: { content: 7 } };

  expect(toEvent(value)).toMatchObject({
    type: "unknown",
    event: value,
    reason: expect.stringContaining("message.content"),
  });
});

test.each([
  ["assistant", { type: "text", text: 7 }],
  ["assistant", { type: "tool_use", id: "t1", name: { odd: true } }],
  ["assistant", { type: "tool_result", tool_use_id: "t1" }],
  ["assistant", null],
  ["assistant", "bare text"],
  ["user", { type: "thinking", thinking: "hm" }],
  ["user", { type: "tool_result", content: "whose?" }],
  ["user", 7],
])("one block of an %s event that is not of its shape is an unknown one: %j", (type, block) => {
  const before = { type: "text", text: "before", more: 1 };
  const after = { type: "text", text: "after" };
  const value = { type, session_id: "T-1", message: { content: [before, block, after], more: 2 }, more: 3 };
  const event = toEvent(value) as Extract<AmpEvent, { type: "assistant" }>;

  expect(event).toEqual({
    type,
    session_id: "T-1",
    message: { content: [before, { type: "unknown", block }, after], more: 2 },
    more: 3,
  });
  expect(event.message.content[0]).toBe(before);
});

test.each([
  { type: "tool_result", tool_use_id: "t1", content: { deep: [1] }, is_error: "yes" },
  { type: "tool_result", tool_use_id: "t1", content: [7, null, { type: "text" }], is_error: null },
  { type: "tool_result", tool_use_id: "t1" },
])("a tool's result of any shape is one: %j", (block) => {
  const event = (content: unknown) => toEvent({ type: "user", session_id: "T-1", message: { content } });

  expect(event([block])).toMatchObject({ type: "user", message: { content: [block] } });
  expect(event(block)).toMatchObject({ type: "user", message: { content: [block] } });
});

test("an odd figure does not turn an answer away, and an odd reason is still one", () => {
  const result = { type: "result", subtype: "success", session_id: "T-1" };

  expect(toEvent({ ...result, result: "42", num_turns: "many", usage: 7 })).toEqual({
    ...result,
    result: "42",
  });
  expect(toEvent({ ...result, result: { answer: 42 } })).toMatchObject({ result: '{"answer":42}' });
  expect(toEvent({ ...result, error: { type: "x", message: "Out of Credits" } })).toMatchObject({
    error: "Out of Credits",
  });
  // What tells a failure from a success, or one conversation from another, is not guessed.
  for (const odd of [{ is_error: "yes" }, { subtype: 7 }, { session_id: 7 }]) {
    expect(toEvent({ ...result, ...odd }).type).toBe("unknown");
  }
  expect(
    toEvent({ type: "assistant", session_id: "T-1", parent_tool_use_id: 7, message: { content: [] } }).type,
  ).toBe("unknown");
});

test("a block's kind tells its fields, without a cast", () => {
  const blocks = assistantBlocks([
    { type: "text", text: "a" },
    { type: "hologram", text: 7 },
  ]);
  const said: string[] = blocks.flatMap((block) => (block.type === "text" ? block.text.toUpperCase() : []));
  expect(said).toEqual(["A"]);
  expect(blocks.at(-1)?.type).toBe("hologram");
});

function assistantBlocks(content: unknown[]) {
  const event: AmpEvent = toEvent({ type: "assistant", session_id: "T-1", message: { content } });
  return event.type === "assistant" ? event.message.content : [];
}

test("whatever the JSON: it is an event, what decides about a turn is as it came, and nobody's words are lost", async () => {
  await holds(
    fc.property(fc.oneof(anyEvent, anyJson), (value) => {
      const event = toEvent(value);
      if (event.type === "unknown") {
        expect(event.event).toEqual(value);
        return;
      }
      const given = value as Record<string, unknown>;
      for (const name of ["type", "subtype", "session_id", "parent_tool_use_id", "is_error"])
        expect((event as unknown as Record<string, unknown>)[name]).toEqual(given[name]);
      if (event.type === "result" && typeof given["result"] === "string")
        expect(event.result).toBe(given["result"]);
      if (event.type !== "assistant") return;
      const { content } = given["message"] as { content: unknown };
      const said = (Array.isArray(content) ? content : [content]).filter(
        (block) => block?.type === "text" && typeof block.text === "string",
      );
      expect(event.message.content.filter((block) => block.type === "text")).toEqual(said);
    }),
  );
});
