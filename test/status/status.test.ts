import fc from "fast-check";
import { expect, test } from "vitest";
import { fitting, MOST_BYTES } from "../../src/status/status.ts";
import { failure, toolWords } from "../../src/status/words.ts";
import { anyCharacter, holds } from "../support/fuzz.ts";

test("a message is one line that Coder takes, whatever is in it", async () => {
  await holds(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 400 }), (text) => {
      const message = fitting(text);
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MOST_BYTES);
      expect(message).not.toMatch(/[\n\r\t\u0000-\u001f]/);
    }),
  );
});

test("a message that fits stays as it is; a longer one is cut between two characters", () => {
  expect(fitting("Running `npm test`")).toBe("Running `npm test`");
  expect(fitting("a".repeat(160))).toBe("a".repeat(160));
  expect(fitting("é".repeat(81))).toBe(`${"é".repeat(78)}…`);
  expect(fitting(`${"😀".repeat(60)}`)).toBe(`${"😀".repeat(39)}…`);
});

test.each([
  ["Bash", { cmd: "npm test" }, "Running `npm test`"],
  ["shell_command", { command: "git\n  status" }, "Running `git status`"],
  ["Read", { path: "src/app.ts" }, "Read src/app.ts"],
  ["edit_file", { path: "a.ts", old_str: "x", new_str: "y" }, "Edit a.ts"],
  ["mcp__docs__search", { query: "x" }, "docs: search x"],
  ["anything", undefined, "anything"],
])("%s reads %j in words", (name, input, words) => {
  expect(toolWords(name, input).doing).toBe(words);
});

test("a failure without a reason is still a sentence", () => {
  expect(failure("")).toBe("Amp stopped with an error");
  expect(failure("Out of Credits")).toBe("Amp stopped with an error: Out of Credits");
});
