import fc from "fast-check";
import { expect, test } from "vitest";
import { echoes, hasReachedServer, readScreen, timesSaid, tourKey } from "../../src/amp/screen.ts";
import { holds } from "../support/fuzz.ts";
import {
  conversation,
  failedToLoad,
  inputBox,
  lastTourPage,
  ruledLine,
  tourPage,
  trustDialog,
  unknownPage,
  welcome,
} from "./example-screens.ts";
import { anyPage, anyPrompt } from "./random-pages.ts";

test.each([
  ["nothing", "", "blank"],
  ["only the echo of AgentAPI's first keys", " ^H ^H\n\n", "blank"],
  ["the welcome tour", tourPage, "tour"],
  ["its last page", lastTourPage, "tour"],
  ["the input box", welcome + inputBox(), "input"],
  ["the input box with white space behind it", `${welcome + inputBox()}   \n\n  \n`, "input"],
  ["a conversation", conversation(["Fix it"]), "input"],
  ["a question in front of the input box", trustDialog + inputBox(), "dialog"],
  ["a rule with a line below", ruledLine("> "), "line"],
  ["a page that nobody knows", unknownPage, "page"],
  ["a box that does not end the screen", `${inputBox()}\nPress any key`, "page"],
  ["a box without a top", inputBox().split("\n").slice(1).join("\n"), "page"],
  ["a rule far above the screen's end", `${"─".repeat(40)}\na\nb\nc\nd`, "page"],
] as const)("%s is told from the others", (_, text, kind) => {
  expect(readScreen(text).kind).toBe(kind);
});

test("a thread that fails to load is told while the notice of it stands", () => {
  expect(readScreen(failedToLoad).kind).toBe("failed");
  expect(readScreen(conversation(["Why does it say\n✕ Failed to load http://…/threads/T-1"])).kind).toBe(
    "input",
  );
});

test("each page of the tour is turned by the key that its foot names", () => {
  expect(tourKey(tourPage)).toBe(" ");
  expect(tourKey(lastTourPage)).toBe("\r");
  expect(tourKey(conversation(["Space to continue"]))).toBeUndefined();
});

test.each([
  ["Waiting", true],
  ["Thinking", true],
  ["Streaming", true],
  ["Running Tools", true],
  ["Catching Up", true],
  ["", false],
  ["Connecting", false],
  ["Sending", false],
  ["Preparing Thread", false],
  ["Loading Thread", false],
  ["Reconnecting in 3s", false],
  ["Disconnected", false],
])("that Amp is %j shows that it has reached its server: %s", (activity, isShown) => {
  expect(hasReachedServer(readScreen(welcome + inputBox("", activity)))).toBe(isShown);
});

test("what is typed and what Amp is busy with are read from the box", () => {
  const read = (typed: string, activity = "") => {
    const screen = readScreen(welcome + inputBox(typed, activity));
    return [screen.typed, screen.activity];
  };
  expect(read("")).toEqual(["", ""]);
  expect(read("Fix\nthis")).toEqual(["Fix\nthis", ""]);
  expect(read("", "Connecting")).toEqual(["", "Connecting"]);
  expect(read("", "Loading Thread")).toEqual(["", "Loading Thread"]);
  // As older releases draw it.
  expect(readScreen("╭────╮\n│ >  │\n╰────╯").typed).toBe("");
});

test.each([
  ["one line", "Fix it"],
  ["wrapped lines", `A long one ${"that goes on and on ".repeat(8)}`],
  ["several lines, an empty one among them", "Fix `id`\n\n\tand $(touch pwned)\n    last"],
  ["marks, pictures, wide and joined characters", "ümläut 日本語 😀 a\u0301 \u{1F468}\u200D\u{1F469} end"],
])("a prompt in the transcript is found: %s", (_, prompt) => {
  const screen = readScreen(conversation(["Something else", prompt.normalize("NFC")]));
  expect(timesSaid(screen, prompt)).toBe(1);
  expect(timesSaid(screen, `${prompt} more`)).toBe(0);
  expect(timesSaid(readScreen(welcome + inputBox(prompt)), prompt)).toBe(0);
});

test("a prompt that was said twice is found twice; an answer that repeats it does not count", () => {
  const screen = readScreen(`\n Fix it\n${conversation(["Fix it", "Another", "Fix it"])}`);
  expect(timesSaid(screen, "Fix it")).toBe(2);
});

test("of a prompt that has scrolled away in part the end is enough, beside a scroll bar", () => {
  const prompt = Array.from({ length: 60 }, (_, line) => `line ${line} of it`).join("\n");
  const lines = conversation([prompt]).split("\n").slice(30);
  const screen = lines.map((line) => (line.startsWith(" ┃") ? `${line.padEnd(39)}█` : line)).join("\n");
  expect(timesSaid(readScreen(screen), prompt)).toBe(1);
  expect(timesSaid(readScreen(conversation(["f it"])), "line 1 of it")).toBe(0);
});

test("text on the screen is an echo of what was typed, wherever it stands", () => {
  expect(echoes(ruledLine("and `snow`", "rain"), "Write about\nrain and `snow`")).toBe(false);
  expect(echoes(ruledLine("Write about rain and `snow`"), "Write about\nrain and `snow`")).toBe(true);
  expect(echoes(unknownPage, "Fix it")).toBe(false);
});

test("whatever page a terminal shows: a prompt that nobody has said does not count as said", async () => {
  await holds(
    fc.property(
      anyPrompt.chain((prompt) => fc.tuple(fc.constant(prompt), anyPage(prompt))),
      ([prompt, page]) => {
        expect(timesSaid(readScreen(page), prompt)).toBe(0);
      },
    ),
  );
});

test("what somebody has said counts as often as it stands there, whatever stands above and below", async () => {
  await holds(
    fc.property(
      anyPrompt.chain((prompt) => fc.tuple(fc.constant(prompt), anyPage(prompt), fc.nat(3))),
      ([prompt, page, times]) => {
        const said = Array.from({ length: times }, () => prompt);
        expect(timesSaid(readScreen(`${page}\n${conversation(said)}`), prompt)).toBe(times);
      },
    ),
  );
});
