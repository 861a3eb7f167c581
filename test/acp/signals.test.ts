import { expect, test } from "vitest";
import { AGENT_LINE, FIRST_EVENT, READY, readSignals, turnFailed } from "../../src/acp/signals.ts";

test("what the agent writes is what is read from its log, in order", () => {
  const failed = turnFailed({ kind: "out_of_credits", reason: "line one\nline\u001b[31m two\u2028three" });
  expect(failed).toBe("turn failed: out_of_credits: line one line [31m two three");
  const log = [
    `${AGENT_LINE}${READY}`,
    "2026/11/21 14:00:00 INFO something of AgentAPI's",
    `2026-11-21T14:00:00Z ${AGENT_LINE}${FIRST_EVENT}\r`,
    `${AGENT_LINE}${failed}`,
    `${AGENT_LINE}turn failed: no_result:`,
  ].join("\n");

  expect(readSignals(log)).toEqual({
    isReady: true,
    hasFirstEvent: true,
    failedTurns: [
      { kind: "out_of_credits", reason: "line one line [31m two three" },
      { kind: "no_result", reason: "" },
    ],
  });
});

test.each([
  "",
  "ready",
  "amp-acp: not ready",
  "amp-acp: the words: amp-acp: ready",
  "amp-acp: turn failed once",
])("%j tells nothing", (log) => {
  expect(readSignals(log)).toEqual({ isReady: false, hasFirstEvent: false, failedTurns: [] });
});
