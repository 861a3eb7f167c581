import fc from "fast-check";
import { expect, test } from "vitest";
import type { Config } from "../../src/config.ts";
import { firstPrompt, trimWhitespace } from "../../src/conversation/prompt.ts";
import { exampleConfig } from "../start/example.ts";
import { holds } from "../support/fuzz.ts";

// AgentAPI's own list: lib/msgfmt, WhiteSpaceChars.
const whitespace = [" ", "\t", "\n", "\r", "\f", "\v"];
const blank = fc.array(fc.constantFrom(...whitespace), { maxLength: 40 }).map((list) => list.join(""));
const inner = fc
  .string({ unit: "grapheme", minLength: 1 })
  .filter((text) => !whitespace.includes(text[0] ?? "") && !whitespace.includes(text.at(-1) ?? ""));

test("outer white space goes, everything inside stays byte for byte", async () => {
  await holds(
    fc.property(blank, inner, blank, inner, blank, (before, one, between, two, after) => {
      expect(trimWhitespace(before + one + between + two + after)).toBe(one + between + two);
    }),
  );
});

test("white space alone is nothing", async () => {
  await holds(fc.property(blank, (text) => trimWhitespace(text) === ""));
});

test.each([
  "\u00a0",
  "\u2003",
  "\ufeff",
  "\u2028",
  "\u0085",
  "\0",
])("%j is no white space for AgentAPI", (character) => {
  expect(trimWhitespace(`${character}text${character}`)).toBe(`${character}text${character}`);
});

test("the time does not grow with the square of a run of spaces", () => {
  // A quadratic scan of these takes half an hour; no clock is needed to tell.
  const long = `a${" ".repeat(2_000_000)}b`;
  expect(trimWhitespace(long)).toBe(long);
});

test("the prompt is what the template gave, and the request to report is below it", () => {
  const config = exampleConfig({
    ai_prompt: "  Fix `id` $(x)\n\n  second line \n",
    status_reports: "coder-mcp",
  });
  const prompt = firstPrompt(config, true);
  expect(prompt.startsWith("Fix `id` $(x)\n\n  second line\n\n")).toBe(true);
  expect(prompt).toMatch(/coder_report_task/);
});

test("nothing is asked for where there is no coder, or no reports are wanted", () => {
  const asked = (config: Partial<Config>, hasCoder: boolean) =>
    firstPrompt(exampleConfig({ ai_prompt: "Go", ...config }), hasCoder);
  expect(asked({ status_reports: "coder-mcp" }, false)).toBe("Go");
  expect(asked({ status_reports: "off" }, true)).toBe("Go");
  // The plugin needs no model.
  expect(asked({}, true)).toBe("Go");
});

test("without a prompt nothing is sent, not even the request to report", () => {
  expect(firstPrompt(exampleConfig({ ai_prompt: " \n\t" }), true)).toBe("");
});
