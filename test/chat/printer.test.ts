import { expect, test } from "vitest";
import { AnswerPrinter } from "../../src/chat/printer.ts";

function printed(isScreen: boolean, updates: readonly string[], final: string): string[] {
  const parts: string[] = [];
  const printer = new AnswerPrinter((text) => parts.push(text), isScreen);
  for (const update of updates) printer.update(update);
  printer.finish(final);
  return parts;
}

test("a stream's answer is printed as it grows, and ends with a line end", () => {
  expect(printed(false, ["One", "One two", "One two\nthree"], "One two\nthree")).toEqual([
    "One",
    " two",
    "\nthree",
    "\n",
  ]);
});

test("off a screen, what may still change waits", () => {
  expect(printed(true, ["Welcome   ", "a  \nb  ", "a\nb\nc", "a\nb\ncd"], "a\nb\ncd")).toEqual([
    "a\nb\n",
    "cd",
    "\n",
  ]);
});

test("a screen that is drawn anew is told from the first line that is another one", () => {
  expect(printed(true, ["a\nb\nc", "a\nb\nc"], "a\nX\nY").join("")).toBe("a\nb\nX\nY\n");
});

test.each([false, true])("nothing in an answer steers the terminal", (isScreen) => {
  const text = "ok \u001b[2J\u001b]0;owned\u0007\u202edone";
  expect(printed(isScreen, [text], text).join("")).toBe("ok done\n");
});

test("an empty answer prints nothing", () => expect(printed(false, [""], "")).toEqual([]));
