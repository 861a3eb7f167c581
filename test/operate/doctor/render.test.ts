import { expect, test } from "vitest";
import type { Finding, Group } from "../../../src/operate/doctor/check.ts";
import type { Line, Report } from "../../../src/operate/doctor/examine.ts";
import { render, type View } from "../../../src/operate/doctor/render.ts";
import { wrap } from "../../../src/operate/wrap.ts";

const terminal: View = { columns: 80, rows: 24, hasColour: false, isFull: false };
const line = (
  group: Group,
  name: string,
  state: Finding["state"],
  text = "so it is",
  fix?: string,
): Line => ({
  group,
  name,
  state,
  text,
  ...(fix === undefined ? {} : { fix }),
});

function report(lines: Line[], lastFailure?: Report["lastFailure"]): Report {
  const isHealthy = !lastFailure && lines.every(({ state }) => state !== "wrong");
  return {
    isHealthy,
    moduleDir: "/home/alice/.amp-module",
    module: "0.1.0",
    at: "2026-09-23T10:00:00Z",
    lastFailure,
    lines,
  };
}

const long =
  "a sentence of many words that goes on and on until a terminal has to break it somewhere ".repeat(2);
const failure = {
  at: "2026-09-23T10:00:02.000Z",
  log: "/x/agentapi-start.log",
  cause: "no key",
  fix: "Set it.",
};

test("a group in order is one line, one with something wrong comes last and is unfolded", () => {
  const lines = [
    line("Workspace", "home", "ok"),
    line("Workspace", "disk", "wrong", "it is full", "Free space."),
    line("Programs", "Amp", "ok"),
    line("Programs", "AgentAPI", "ok"),
  ];
  expect(render(report(lines), terminal)).toBe(
    [
      "✓ Programs    Amp, AgentAPI",
      "✗ Workspace   home",
      "  ✗ disk: it is full",
      "    To fix it: Free space.",
      "",
      "Something is wrong: disk.",
      "amp-module doctor --all shows every check.",
      "",
    ].join("\n"),
  );
});

test("every check has a line of its own in a pipe and with --all", () => {
  const lines = [line("Workspace", "home", "ok"), line("Programs", "Amp", "note", "old", "Update.")];
  expect(render(report(lines), { ...terminal, isFull: true })).toBe(
    "Workspace\n  ✓ home: so it is\n\nPrograms\n  ! Amp: old\n    To fix it: Update.\n\nNothing is wrong. 1 to note: Amp.\n",
  );
});

test("what the last start failed with is the first line, and counts as wrong", () => {
  const text = render(report([line("Workspace", "home", "ok")], failure), terminal);
  expect(text.split("\n").slice(0, 2)).toEqual([
    "✗ The last start failed (10:00:02 UTC, agentapi-start.log): no key",
    "  To fix it: Set it.",
  ]);
  expect(text).toContain("Something is wrong: the last start.");
});

test("with many notes a terminal of 24 lines still shows everything wrong: notes give way", () => {
  const notes = Array.from({ length: 9 }, (_, index) =>
    line("Settings", `note ${index}`, "note", long, long),
  );
  const wrong = line("Agent", "server", "wrong", long, long);
  const text = render(report([...notes, wrong], failure), terminal);
  expect(text.trimEnd().split("\n").length).toBeLessThan(24);
  expect(text).toMatch(/✗ The last start failed/);
  expect(text.replace(/\s+/g, " ")).toContain(`server: ${long}`.trim());
  expect(text).toContain("9 to note: note 0");
  const high = render(report([...notes, wrong], failure), { ...terminal, rows: 200 });
  expect(high).toContain("! note 8: a sentence");
});

test("no line is longer than the terminal, and no word is broken", () => {
  const path = `/home/${"x".repeat(90)}/file`;
  const lines = [line("Workspace", "home", "wrong", `${long} ${path} ${long}`, `${long} ${path}.`)];
  for (const columns of [40, 80, 200]) {
    for (const isFull of [true, false]) {
      const text = render(report(lines, { ...failure, cause: long }), { ...terminal, columns, isFull });
      for (const one of text.split("\n")) {
        if (!one.includes(path)) expect(one.length).toBeLessThanOrEqual(Math.min(columns, 80));
      }
      expect(text).toContain(path);
    }
  }
  expect(wrap("one two three", 7, "- ", "  ")).toEqual(["- one", "  two", "  three"]);
  expect(wrap("", 10, "x ")).toEqual(["x "]);
  expect(wrap("or set report_tasks = false.", 20)).toEqual(["or set", "report_tasks = false."]);
});

test("colours are a terminal's own: the text without them is the same", () => {
  const lines = [
    line("Workspace", "home", "wrong", "bad", "Mend it."),
    line("Programs", "Amp", "note", "old"),
  ];
  const plain = render(report(lines, failure), terminal);
  const coloured = render(report(lines, failure), { ...terminal, hasColour: true });
  expect(plain).not.toContain("\u001b");
  expect(coloured).toContain("\u001b[1;31m✗\u001b[0m");
  expect(coloured.replace(/\u001b\[[\d;]*m/g, "")).toBe(plain);
});
