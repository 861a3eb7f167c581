import { expect, test } from "vitest";
import { keysFor, readApproval, readFeedback } from "../../src/amp/approval-dialog.ts";

const options = [
  "Allow Once",
  "Reject with feedback",
  "Allow All for This Session",
  "Allow All for Every Session",
];

/** The question as Amp 0.0.1790142911 draws it. */
function dialog(lines: readonly string[], chosen = 0): string {
  const shown = [
    "",
    ...lines,
    "",
    ...options.map((text, index) => `${index === chosen ? "‣" : " "} ${text}`),
    "",
  ];
  return [
    " ┃ run it",
    `╭─ Approval Required ${"─".repeat(44)}╮`,
    ...shown.map((line) => `│ ${line.padEnd(63)} │`),
    `╰${"─".repeat(22)} ↑/↓/j/k move · Enter select · Esc cancel ─╯`,
    `╭${"─".repeat(55)} medium ─╮`,
    `│${" ".repeat(65)}│`,
    `╰ ≈ Running Tools ${"─".repeat(34)} ~/project ─╯`,
  ].join("\n");
}

const call = [
  "Bash:",
  "  git push origin main &&",
  "echo wrapped",
  "",
  "Matches user permissions rule 1: ask shell_command",
];

test("tool, call and choice are read", () => {
  expect(readApproval(dialog(call, 1))).toEqual({
    tool: "Bash",
    title: "git push origin main && echo wrapped",
    chosen: 1,
  });
});

test.each([
  ["nothing of it", " ┃ Approval Required\n╭──╮\n│  │\n╰──╯"],
  ["a cut one", dialog(call).split("\n").slice(0, 6).join("\n")],
  ["one without a choice", dialog(call, 9)],
])("%s is no question", (_name, screen) => {
  expect(readApproval(screen)).toBeUndefined();
  expect(readFeedback(screen)).toBeUndefined();
});

test.each([
  [0, "yes", ["\r"]],
  [0, "no", ["j", "\r"]],
  [0, "always", ["j", "j", "\r"]],
  [3, "yes", ["k", "k", "k", "\r"]],
] as const)("from option %i, %s takes the keys %j", (chosen, answer, keys) => {
  expect(keysFor({ tool: "Bash", title: "x", chosen }, answer)).toEqual(keys);
});

test("the question for what to do instead is told apart", () => {
  const feedback = [
    "╭─ Tell Amp what to do differently ───╮",
    "│ >                                   │",
    "╰────────── Enter submit · Esc cancel ─╯",
  ];
  expect(readFeedback(feedback.join("\n"))).toBe("");
  expect(readFeedback(feedback.join("\n").replace(">           ", ">  a reason "))).toBe("a reason");
  expect(readApproval(feedback.join("\n"))).toBeUndefined();
});
