import { expect, test } from "vitest";
import { parseDuration } from "../../src/run/duration.ts";
import { Progress } from "../../src/run/progress.ts";

function terminal(isTTY: boolean) {
  const written: string[] = [];
  const stream = {
    isTTY,
    write: (text: string) => written.push(text) > 0,
  } as unknown as NodeJS.WritableStream;
  return { stream, written };
}

const call = (name: string, input: unknown) => ({
  type: "assistant" as const,
  session_id: "T-1",
  message: { content: [{ type: "tool_use" as const, id: "t", name, input }] },
});

test("tool, turn and time on a terminal, with nothing that steers it", () => {
  const { stream, written } = terminal(true);
  const progress = new Progress(stream);
  progress.note({ type: "system", subtype: "init", session_id: "T-1" });
  progress.note(call("Bash", { cmd: "printf '\u001b[31m'\nls" }));
  progress.note(call("mcp__coder__report", { summary: "Half way" }));
  progress.end();

  expect(written).toEqual([
    "\u001b[2m· Bash: printf ' [31m' ls (turn 1, 0 s)\u001b[22m\n",
    "\u001b[2m· mcp__coder__report: coder: report Half way (turn 2, 0 s)\u001b[22m\n",
    "\u001b[2m· done, thread T-1 (turn 2, 0 s)\u001b[22m\n",
  ]);
});

test("silence where stderr is no terminal", () => {
  const { stream, written } = terminal(false);
  new Progress(stream).note(call("Bash", { cmd: "ls" }));

  expect(written).toEqual([]);
});

test.each([
  ["90", 90_000],
  ["1.5s", 1_500],
  ["5m", 300_000],
  ["1h", 3_600_000],
  ["0", 0],
  ["-1", undefined],
  ["5 minutes", undefined],
  ["", undefined],
])("%j is %s ms", (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});
