import { expect, test } from "vitest";
import { answerIn, mainTexts, SaidTexts } from "../../src/amp/answer.ts";
import { type ResultEvent, toEvent } from "../../src/amp/events.ts";

function said(...texts: string[]): SaidTexts {
  const all = new SaidTexts();
  for (const text of texts) all.add(text);
  return all;
}

test.each([
  [["42"], "42"],
  [["Let me see.", "42\n"], "  42"],
  [["one", "two"], "one\n\ntwo"],
  [["one", "", "two", " \n"], "one\n\n\n\ntwo\n\n"],
  [["before a tool", "one", "two"], "onetwo"],
  [[], ""],
  [["something"], "  "],
])("after %j nothing is new in %j", (texts, answer) => {
  expect(said(...texts).endsWith(answer)).toBe(true);
});

test.each([
  [[], "42"],
  [["Let me see."], "42"],
  [["42", "One more thing."], "42"],
  [["It is not finished"], "finished"],
  [["one"], "one two"],
  [["two"], "one\n\ntwo"],
])("after %j there is something new in %j", (texts, answer) => {
  expect(said(...texts).endsWith(answer)).toBe(false);
});

test("of a long talk the end is kept, and is enough", () => {
  const all = new SaidTexts();
  const line = "x".repeat(1000);
  for (let number = 0; number < 3000; number += 1) all.add(`${number} ${line}`);

  expect(all.endsWith(`2998 ${line}\n\n2999 ${line}`)).toBe(true);
  expect(all.endsWith(`2997 ${line}\n\n2999 ${line}`)).toBe(false);
  const whole = Array.from({ length: 3000 }, (_, number) => `${number} ${line}`).join("\n\n");
  expect(all.endsWith(whole)).toBe(true);
});

test("a long text is known again without being kept", () => {
  const text = "y".repeat(1_000_000);

  expect(said(text).endsWith(text)).toBe(true);
  expect(said("before", text).endsWith(`before\n\n${text}`)).toBe(true);
  for (const other of [`${text}y`, `${text.slice(1)}z`, `z${text.slice(1)}`]) {
    expect(said(text).endsWith(other)).toBe(false);
  }
});

test("the answer is the main conversation's, and a reason is no answer", () => {
  const text = { type: "text", text: "a" };
  const assistant = (parent_tool_use_id: string | null, content: unknown[]) =>
    mainTexts(toEvent({ type: "assistant", session_id: "T-1", parent_tool_use_id, message: { content } }));
  expect(assistant(null, [text, { type: "text", text: "" }, { type: "text", text: 7 }, text])).toEqual([
    "a",
    "a",
  ]);
  expect(assistant("t1", [text])).toEqual([]);

  const answer = (event: Partial<ResultEvent>) =>
    answerIn({ type: "result", subtype: "success", session_id: "T-1", ...event });
  expect(answer({ result: "42" })).toBe("42");
  expect(answer({})).toBe("");
  expect(answer({ result: "42", is_error: true })).toBe("");
  expect(answer({ result: "42", subtype: "error_during_execution" })).toBe("");
  expect(answer({ result: "half", subtype: "error_during_execution", error: "why" })).toBe("half");
  expect(answer({ result: "half", subtype: "error_max_turns" })).toBe("half");
});
