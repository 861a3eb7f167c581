import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decodeLine } from "../../src/amp/decode.ts";
import { type AmpEvent, isBlock, toEvent } from "../../src/amp/events.ts";

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
  const value = { type: "assistant", session_id: "T-1", message: { content: [{ type: "text", text: 7 }] } };

  expect(toEvent(value)).toMatchObject({
    type: "unknown",
    event: value,
    reason: expect.stringContaining("message.content"),
  });
});
