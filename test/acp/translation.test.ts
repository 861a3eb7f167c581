import { expect, test } from "vitest";
import { historyUpdates } from "../../src/acp/history.ts";
import { parseAgentOptions } from "../../src/acp/options.ts";
import { Updates } from "../../src/acp/updates.ts";
import type { AssistantEvent } from "../../src/amp/events.ts";

test("every flag of the agent", () => {
  const args =
    "--mode high --thread https://ampcode.com/threads/T-1a --thread-file /t.json --continue --label a --label b --visibility private --ask client --timeout 60 --agentapi-url http://127.0.0.1:3284 --settings-file /s.json --state-dir /state --probe-cache /p.json --npm-prefix /npm";

  expect(parseAgentOptions(args.split(" "), {})).toEqual({
    ask: "client",
    approvalTimeoutMs: 1_800_000,
    thread: "T-1a",
    isContinued: true,
    threadFile: "/t.json",
    agentApiUrl: "http://127.0.0.1:3284/",
    stateDir: "/state",
    probeCache: "/p.json",
    npmPrefixes: ["/npm"],
    execution: {
      timeoutMs: 60_000,
      labels: ["a", "b"],
      mode: "high",
      visibility: "private",
      settingsFile: "/s.json",
    },
  });
  expect(parseAgentOptions([], { XDG_STATE_HOME: "/x" })).toMatchObject({
    ask: "auto",
    stateDir: "/x/amp-acp",
    execution: { timeoutMs: 21_600_000 },
  });
});

test.each([
  ["--nope", /Unknown option '--nope'/],
  ["--ask maybe", /--ask maybe: want auto, client, deny, allow/],
  ["--timeout soon", /--timeout soon/],
  ["--visibility all", /want private/],
  ["--thread x", /not an Amp thread/],
  ["--agentapi-url x", /Invalid URL/],
])("%s is refused", (args, message) => {
  expect(() => parseAgentOptions(args.split(" "), {})).toThrow(message);
});

test.each([
  [
    "---\ntitle: x\n---\n\n# T\n\n## User\n\nhi\n\n## Assistant\n\n## not a heading of ours\nyes\n",
    ["user: hi", "agent: ## not a heading of ours\nyes"],
  ],
  ["something else", ["agent: something else"]],
  ["", []],
])("the past %j is replayed", (markdown, expected) => {
  const shown = historyUpdates(markdown).map((update) => {
    const { sessionUpdate, content } = update as { sessionUpdate: string; content: { text: string } };
    return `${sessionUpdate.split("_")[0]}: ${content.text}`;
  });
  expect(shown).toEqual(expected);
});

const assistant = (...content: AssistantEvent["message"]["content"]): AssistantEvent => ({
  type: "assistant",
  session_id: "T-1",
  message: { content },
});

test("texts are paragraphs of their own, unless a tool call or a line end stands between", () => {
  const updates = new Updates();
  const text = (value: string) => ({ type: "text" as const, text: value });
  const all = [
    ...updates.ofAssistant(assistant(text("one"))),
    ...updates.ofAssistant(assistant(text("two\n"), text("three"))),
    ...updates.ofAssistant(assistant({ type: "tool_use", id: "t", name: "Bash", input: { cmd: "ls" } })),
    ...updates.ofAssistant(assistant(text("four"))),
  ];

  expect(
    all.map((update) =>
      "content" in update && update.content && "text" in update.content
        ? update.content.text
        : update.sessionUpdate,
    ),
  ).toEqual(["one", "\n\ntwo\n", "three", "tool_call", "four"]);
});

test("long tool output is cut, with what is missing; unknown blocks are left out", () => {
  const updates = new Updates();
  updates.ofAssistant(assistant({ type: "tool_use", id: "t", name: "Bash", input: { cmd: "cat" } }));
  const [update] = updates.ofUser({
    type: "user",
    session_id: "T-1",
    message: {
      content: [
        {
          type: "tool_result",
          tool_use_id: "t",
          content: [{ type: "text", text: "y".repeat(300_000) }, { type: "hologram" }],
        },
        { type: "tool_result", tool_use_id: "unknown", content: "x" },
      ],
    },
  });
  const shown = JSON.stringify(update);

  expect(shown.length).toBeLessThan(270_000);
  expect(shown).toContain("… (37856 more characters)");
});

test("a permission question finds its call", () => {
  const updates = new Updates();
  for (const [id, cmd] of [
    ["t1", "ls"],
    ["t2", "rm"],
  ] as const) {
    updates.ofAssistant(assistant({ type: "tool_use", id, name: "Bash", input: { cmd } }));
  }

  expect(updates.callId("Bash", { cmd: "ls" })).toBe("t1");
  expect(updates.callId("Bash", { cmd: "other" })).toBe("t2");
  expect(updates.callId("Read", {})).toBeUndefined();
});
