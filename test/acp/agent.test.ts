import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type ContentBlock,
  methods,
  type PromptResponse,
  type RequestPermissionRequest,
} from "@agentclientprotocol/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSignals } from "../../src/acp/signals.ts";
import { isGroupAlive, SCRIPTED_AMP, type Scripted, scripted } from "../amp/scripted.ts";
import { buildAgent } from "./bundle.ts";
import { type Connected, connect, textOf } from "./client.ts";

let bundle: Awaited<ReturnType<typeof buildAgent>>;
beforeAll(async () => {
  bundle = await buildAgent();
});
afterAll(() => bundle.remove());

/** A loaded machine needs seconds to start a process. */
const SOON = { timeout: 20_000 };
const { session } = methods.agent;
const newSession = ({ agent, at }: Connected, more: object = {}) =>
  agent.request(session.new, { cwd: at.home, mcpServers: [], ...more });

async function prompt(
  connected: Connected,
  sessionId: string,
  content: string | ContentBlock[],
): Promise<PromptResponse> {
  const blocks: ContentBlock[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
  return connected.agent.request(session.prompt, { sessionId, prompt: blocks });
}

/** How each tool call was closed. */
const closed = (updates: Connected["updates"]) =>
  updates.flatMap((update) => {
    if (update.sessionUpdate !== "tool_call_update") return [];
    const [part] = update.content ?? [];
    const text = part?.type === "content" && part.content.type === "text" ? part.content.text : "";
    return [[update.toolCallId, update.status, text]];
  });
const ampMeta = (response: PromptResponse) => response._meta?.["amp"] as Record<string, unknown>;
const askRule = async (): Promise<Scripted> => {
  const at = await scripted("ask");
  mkdirSync(join(at.home, ".config", "amp"), { recursive: true });
  writeFileSync(
    join(at.home, ".config", "amp", "settings.json"),
    '{"amp.permissions":[{"tool":"Bash","action":"ask"}]}',
  );
  return at;
};

describe("a turn", () => {
  test("initialize, new session, prompt, and a second prompt on the same thread", async () => {
    const connected = await connect(bundle.path, "echo", {
      args: ["--label", "coder", "--visibility", "private"],
    });
    expect(connected.initialized).toMatchObject({
      protocolVersion: 1,
      agentCapabilities: { loadSession: true, promptCapabilities: { image: true, embeddedContext: true } },
    });
    const { sessionId, modes } = await newSession(connected);
    expect(modes?.availableModes.map(({ id }) => id)).toEqual(["default", "low", "medium", "high"]);

    const first = await prompt(connected, sessionId, "hello");
    expect(textOf(connected.updates)).toBe("You said: hello");
    expect(first.stopReason).toBe("end_turn");
    expect(connected.stderr()).toBe("amp-acp: ready\namp-acp: first event\n");
    expect(ampMeta(first)).toMatchObject({
      model: "test-model",
      turns: 1,
      durationMs: expect.any(Number),
      usage: { input_tokens: 10 },
    });

    await connected.agent.request(session.setMode, { sessionId, modeId: "high" });
    await prompt(connected, sessionId, "again");
    await prompt(connected, sessionId, "and again");
    // Another mode is another process; without a change there is none.
    expect(connected.at.calls()).toHaveLength(2);
    const [one, two] = connected.at.calls().map(({ args }) => args.join(" "));
    expect(one).toMatch(/--visibility private --label coder --no-archive-after-execute/);
    expect(two).toMatch(
      new RegExp(`^threads continue ${ampMeta(first)["threadId"]} --execute .*--mode high`),
    );
    expect(two).not.toContain("--label");
    await expect(
      connected.agent.request(session.setMode, { sessionId, modeId: "nosuch" }),
    ).rejects.toMatchObject({ code: -32602 });
  });

  test("text, image, link and embedded resources reach Amp", async () => {
    const connected = await connect(bundle.path, "echo");
    const { sessionId } = await newSession(connected);
    await prompt(connected, sessionId, [
      { type: "text", text: "look" },
      { type: "image", mimeType: "image/png", data: "aGk=" },
      { type: "resource_link", name: "a", uri: "file:///src/a%20b.ts" },
      { type: "resource", resource: { uri: "file:///b.ts", text: "export {}" } },
      { type: "resource", resource: { uri: "file:///c.png", mimeType: "image/png", blob: "aGk=" } },
    ]);
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "aGk=" } };

    expect(connected.at.messages()).toEqual([
      [
        { type: "text", text: "look" },
        image,
        { type: "text", text: "@/src/a b.ts" },
        { type: "text", text: '<file path="/b.ts">\nexport {}\n</file>' },
        image,
      ],
    ]);
    await expect(
      prompt(connected, sessionId, [{ type: "audio", mimeType: "audio/wav", data: "" }]),
    ).rejects.toMatchObject({ code: -32602 });
  });

  test("tool calls, thoughts, the plan, a subagent", async () => {
    const connected = await connect(bundle.path, "tools");
    const { sessionId } = await newSession(connected);
    await prompt(connected, sessionId, "work");
    const { updates } = connected;

    expect(textOf(updates)).toBe("All done.");
    expect(textOf(updates, "agent_thought_chunk")).toBe("Let me see.inside the subagent");
    expect(updates).toContainEqual(
      expect.objectContaining({
        sessionUpdate: "agent_thought_chunk",
        _meta: { amp: { parentToolUseId: "t4" } },
      }),
    );
    expect(updates).toContainEqual(
      expect.objectContaining({
        sessionUpdate: "tool_call",
        toolCallId: "t1",
        title: "npm test # all",
        kind: "execute",
        status: "in_progress",
      }),
    );
    expect(updates).toContainEqual({
      sessionUpdate: "tool_call_update",
      toolCallId: "t1",
      status: "completed",
      content: [{ type: "content", content: { type: "text", text: "12 passed" } }],
    });
    expect(updates).toContainEqual(
      expect.objectContaining({
        toolCallId: "t2",
        status: "failed",
        content: [
          { type: "diff", path: "/tmp/a.txt", oldText: "old", newText: "new" },
          { type: "content", content: { type: "text", text: "no such file" } },
        ],
      }),
    );
    expect(updates).toContainEqual({
      sessionUpdate: "plan",
      entries: [
        { content: "Write it", status: "in_progress", priority: "high" },
        { content: "Test it", status: "pending", priority: "low" },
      ],
    });
  });

  test.each([
    ["answer: 42=>42", "42"],
    ["answer: Let me see.=>42", "Let me see.\n\n42"],
    ["answer: one||two|=>one\n\n\n\ntwo\n\n", "one\n\ntwo"],
    ["answer: |=>42", "42"],
    ["answer: =>42", "42"],
  ])("%j shows the answer, and shows it once", async (content, shown) => {
    const connected = await connect(bundle.path, "echo");
    const { sessionId } = await newSession(connected);
    await prompt(connected, sessionId, content);
    expect(textOf(connected.updates)).toBe(shown);

    connected.updates.length = 0;
    await prompt(connected, sessionId, content);
    expect(textOf(connected.updates)).toBe(shown);
  });

  test("what is odd in an event does not hide the rest, and every call is closed", async () => {
    const connected = await connect(bundle.path, "odd");
    const { sessionId } = await newSession(connected);
    const { stopReason } = await prompt(connected, sessionId, "x");

    expect(stopReason).toBe("end_turn");
    expect(textOf(connected.updates)).toBe("still here");
    expect(closed(connected.updates)).toEqual([
      ["t1", "completed", '{"stdout":"deep"}'],
      ["t2", "failed", "bare"],
      ["t3", "completed", "whose"],
      ["t4", "completed", ""],
    ]);
  });

  test.each([
    ["\u0003"],
    [" \n\t"],
    ["\u001b[A\u001bOB"],
    ["\u200b\u0000"],
  ])("%j is no prompt", async (keys) => {
    const connected = await connect(bundle.path, "echo");
    const { sessionId } = await newSession(connected);

    await expect(prompt(connected, sessionId, keys)).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining("nothing but control characters"),
    });
    expect(connected.at.calls()).toEqual([]);
    expect(readSignals(connected.stderr()).failedTurns).toMatchObject([{ kind: "bad_prompt" }]);
    await prompt(connected, sessionId, `${keys}go on`);
    expect(textOf(connected.updates)).toBe(`You said: ${keys}go on`);
  });

  test("the client's MCP servers reach Amp in a private file", async () => {
    const connected = await connect(bundle.path, "echo");
    const { sessionId } = await newSession(connected, {
      mcpServers: [
        { name: "a", command: "/bin/a", args: ["1"], env: [{ name: "TOKEN", value: "mcp-secret-value" }] },
        {
          type: "http",
          name: "b",
          url: "https://b.example/mcp",
          headers: [{ name: "Authorization", value: "Bearer x" }],
        },
      ],
    });
    await prompt(connected, sessionId, "x");
    const [call] = connected.at.calls();

    expect(call?.args.join(" ")).not.toContain("mcp-secret-value");
    expect(call?.mcp?.mode).toBe(0o600);
    expect(JSON.parse(call?.mcp?.text ?? "")).toEqual({
      a: { command: "/bin/a", args: ["1"], env: { TOKEN: "mcp-secret-value" } },
      b: { url: "https://b.example/mcp", headers: { Authorization: "Bearer x" } },
    });
  });

  test("20 MB of text and 100,000 messages come through", { timeout: 180_000 }, async () => {
    const connected = await connect(bundle.path, "big-line");
    const { sessionId } = await newSession(connected);
    await prompt(connected, sessionId, "x");

    expect(textOf(connected.updates)).toHaveLength(20 * 1024 * 1024);
    await prompt(connected, sessionId, "many: x");
    expect(textOf(connected.updates)).toMatch(/event number 99999 of a long turn$/);
    const rss =
      Number(readFileSync(`/proc/${connected.process.pid}/status`, "utf8").match(/VmHWM:\s+(\d+)/)?.[1]) /
      1024;
    expect(rss).toBeLessThan(200);
    console.log(`the agent with 20 MB of text and 100,000 messages: ${rss.toFixed(0)} MB at most`);
  });
});

describe("failures", () => {
  test.each([
    ["error", "execution", -32603],
    ["denial", "permission_denied", -32603],
    ["crash", "execution", -32603],
    ["crash-quietly", "protocol", -32603],
    ["offline", "cannot_connect", -32603],
    ["login", "auth_required", -32000],
    ["silent", "no_result", -32603],
  ])("%s is an ACP error of kind %s, and the session goes on", async (scenario, kind, code) => {
    const connected = await connect(bundle.path, scenario);
    const { sessionId } = await newSession(connected);

    await expect(prompt(connected, sessionId, "x")).rejects.toMatchObject({
      code,
      data: { kind, remedy: expect.stringMatching(/\w/) },
    });
    expect(readSignals(connected.stderr())).toMatchObject({
      isReady: true,
      failedTurns: [{ kind, reason: expect.stringMatching(/\w/) }],
    });
    await expect(prompt(connected, "no such session", "x")).rejects.toMatchObject({ code: -32002 });
  });

  test.each([
    ["Out of Credits Add credits to keep using Amp.", "out_of_credits"],
    ["A tool requires user approval, which is not supported in stream JSON mode", "approval_required"],
    ["Couldn\u2019t connect to Amp servers", "cannot_connect"],
    ["Invalid or missing API key. Run 'amp login' to authenticate.", "auth_required"],
  ])("the reason in a result is told: %s", async (reason, kind) => {
    const connected = await connect(bundle.path, "echo");
    const { sessionId } = await newSession(connected);

    await expect(prompt(connected, sessionId, `fail: ${reason}`)).rejects.toMatchObject({ data: { kind } });
    // Amp's first event came only together with the failure: nothing had begun.
    expect(readSignals(connected.stderr())).toEqual({
      isReady: true,
      hasFirstEvent: false,
      failedTurns: [{ kind, reason: `Amp reported error_during_execution: ${reason}` }],
    });
  });

  test("a failure tells no secret", async () => {
    const at = await scripted("echo");
    const env = { ...at.env, AMP_API_KEY: "sgamp_user_very-secret" };
    const connected = await connect(bundle.path, "echo", { at: { ...at, env } });
    const { sessionId } = await newSession(connected);
    const error = await prompt(connected, sessionId, "fail: the key sgamp_user_very-secret").catch(
      (thrown) => thrown,
    );

    expect(`${error.message} ${JSON.stringify(error.data)} ${connected.stderr()}`).not.toContain(
      "very-secret",
    );
    expect(error.message).toContain("the key [redacted]");
  });

  test.each([
    ["fail", "failed", ""],
    ["late", "completed", "done all the same"],
  ])("a call that is open when a turn fails is closed: %s", async (how, status, text) => {
    const connected = await connect(bundle.path, "echo");
    const { sessionId } = await newSession(connected);
    await expect(prompt(connected, sessionId, `open-call: ${how}`)).rejects.toThrow();

    expect(closed(connected.updates)).toEqual([["t1", status, text]]);
  });

  test("a call that is open when a turn is cancelled is closed as failed", async () => {
    const connected = await connect(bundle.path, "echo");
    const { sessionId } = await newSession(connected);
    const turn = prompt(connected, sessionId, "open-call: wait");
    await expect.poll(() => textOf(connected.updates), SOON).toBe("waiting");
    await connected.agent.notify(session.cancel, { sessionId });

    expect(await turn).toMatchObject({ stopReason: "cancelled" });
    expect(closed(connected.updates)).toEqual([["t1", "failed", ""]]);
  });

  test("no more turns is a stop reason, a time limit an error", async () => {
    const connected = await connect(bundle.path, "max-turns", { args: ["--timeout", "4"] });
    const { sessionId } = await newSession(connected);

    expect(await prompt(connected, sessionId, "x")).toMatchObject({ stopReason: "max_turn_requests" });
    await expect(prompt(connected, sessionId, "wait: x")).rejects.toMatchObject({
      data: { kind: "timeout" },
    });
  });

  test("no Amp fails the new session and says what to do; once it is there, the next one works", async () => {
    const at = await scripted("echo");
    const path = join(at.home, "amp");
    const env = { ...at.env, AMP_CLI_PATH: path, PATH: `${dirname(process.execPath)}:/bin` };
    const connected = await connect(bundle.path, "echo", { at: { ...at, env } });

    await expect(newSession(connected)).rejects.toMatchObject({
      data: { kind: "cli_not_found", remedy: expect.stringContaining("Install Amp") },
    });
    symlinkSync(SCRIPTED_AMP, path);
    expect((await newSession(connected)).sessionId).toMatch(/\w/);
  });

  test("cancel ends Amp and answers cancelled; a prompt meanwhile is refused", async () => {
    const connected = await connect(bundle.path, "wait");
    const { sessionId } = await newSession(connected);
    const turn = prompt(connected, sessionId, "x");
    await expect.poll(() => textOf(connected.updates), SOON).toBe("waiting");
    await expect(prompt(connected, sessionId, "y")).rejects.toMatchObject({ code: -32600 });
    await connected.agent.notify(session.cancel, { sessionId });

    expect(await turn).toMatchObject({ stopReason: "cancelled" });
    expect(isGroupAlive(connected.at.pid())).toBe(false);
    expect(await prompt(connected, sessionId, "echo: on")).toMatchObject({ stopReason: "end_turn" });
  });

  test("a client that goes away ends Amp and the agent", async () => {
    const connected = await connect(bundle.path, "wait");
    const { sessionId } = await newSession(connected);
    const turn = prompt(connected, sessionId, "x").catch(() => {});
    await expect.poll(() => textOf(connected.updates), SOON).toBe("waiting");
    const exit = new Promise((resolve) => connected.process.once("exit", resolve));
    connected.process.stdin?.end();

    expect(await exit).toBe(0);
    expect(isGroupAlive(connected.at.pid())).toBe(false);
    await turn;
  });
});

describe("consent for an ask rule", () => {
  async function ask(consent: (request: RequestPermissionRequest) => string | undefined, cmd = "echo done") {
    const requests: RequestPermissionRequest[] = [];
    const connected = await connect(bundle.path, "ask", {
      at: await askRule(),
      consent: (request) => {
        requests.push(request);
        const optionId = consent(request);
        return optionId === undefined ? { outcome: "cancelled" } : { outcome: "selected", optionId };
      },
    });
    const { sessionId } = await newSession(connected);
    const response = await prompt(connected, sessionId, cmd);
    return { connected, sessionId, requests, response };
  }
  const option = (kind: string) => (request: RequestPermissionRequest) =>
    request.options.find((each) => each.kind === kind)?.optionId;

  test("the client is asked about the very call, and its yes runs the tool", async () => {
    const { connected, requests } = await ask(option("allow_once"));

    expect(requests).toMatchObject([
      { toolCall: { toolCallId: "t1", title: "echo done", kind: "execute", rawInput: { cmd: "echo done" } } },
    ]);
    expect(textOf(connected.updates)).toBe("ran it: done");
  });

  test.each([
    ["no", option("reject_once"), "The user refused"],
    ["a cancelled question", () => undefined, "was cancelled"],
    ["the fixed word that AgentAPI answers", () => "allow", "an option that it was not offered"],
  ])("%s refuses it, and says so", async (_name, consent, reason) => {
    const { connected, response } = await ask(consent);

    expect(textOf(connected.updates)).toMatch(
      new RegExp(`^Bash was not allowed \\(echo done\\): .*${reason}.*\\nI could not run it\\.$`),
    );
    expect(connected.updates).toContainEqual(
      expect.objectContaining({ sessionUpdate: "tool_call_update", status: "failed" }),
    );
    expect(ampMeta(response)["permissionDenials"]).toMatchObject([{ tool_name: "Bash" }]);
  });

  test("always is remembered for the session", async () => {
    const { connected, requests, sessionId } = await ask(option("allow_always"));
    await prompt(connected, sessionId, "echo twice");

    expect(requests).toHaveLength(1);
    expect(textOf(connected.updates)).toMatch(/ran it: twice$/);
  });

  test("the question ends with the turn, and the socket's folder with the agent", async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith("amp-ask-"));
    const connected = await connect(bundle.path, "ask", {
      at: await askRule(),
      consent: () => new Promise(() => {}),
    });
    const { sessionId } = await newSession(connected);
    const turn = prompt(connected, sessionId, "echo x");
    await expect.poll(() => connected.updates.length, SOON).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await connected.agent.notify(session.cancel, { sessionId });
    expect(await turn).toMatchObject({ stopReason: "cancelled" });

    const exit = new Promise((resolve) => connected.process.once("exit", resolve));
    connected.process.stdin?.end();
    await exit;
    expect(
      readdirSync(tmpdir()).filter((name) => name.startsWith("amp-ask-") && !before.includes(name)),
    ).toEqual([]);
  });

  const withSettings = async (scenario: string, settings: object): Promise<Scripted> => {
    const at = await scripted(scenario);
    mkdirSync(join(at.home, ".config", "amp"), { recursive: true });
    writeFileSync(join(at.home, ".config", "amp", "settings.json"), JSON.stringify(settings));
    return at;
  };

  test.each([
    [{ "amp.permissions": [{ tool: "Read", action: "reject" }] }],
    [{ "amp.permissions": [] }],
    [{ "amp.dangerouslyAllowAll": false }],
    [{ "amp.guardedFiles.allowlist": [] }],
  ])("with %j Amp's own rules ask, and what no rule speaks of runs", async (settings) => {
    const requests: RequestPermissionRequest[] = [];
    const connected = await connect(bundle.path, "ask", {
      at: await withSettings("ask", settings),
      consent: (request) => {
        requests.push(request);
        return { outcome: "cancelled" };
      },
    });
    const { sessionId } = await newSession(connected);
    await prompt(connected, sessionId, "npm install left-pad");
    expect(requests).toMatchObject([{ toolCall: { title: "npm install left-pad" } }]);
    expect(textOf(connected.updates)).toMatch(/I could not run it\.$/);

    await prompt(connected, sessionId, "echo free");
    expect(textOf(connected.updates)).toMatch(/ran it: free$/);
    await prompt(connected, sessionId, "ask-unheard: echo unheard");
    expect(textOf(connected.updates)).toMatch(/ran it: unheard$/);
    expect(requests).toHaveLength(1);
  });

  test("a program of the user's own decides, and where it ends with 1 the client is asked", async () => {
    const program = join((await scripted("ask")).home, "decide");
    const at = await withSettings("ask", {
      "amp.permissions": [{ tool: "Bash", action: "delegate", to: program }],
    });
    const requests: RequestPermissionRequest[] = [];
    const connected = await connect(bundle.path, "ask", {
      at,
      consent: (request) => {
        requests.push(request);
        const optionId = option("allow_once")(request) ?? "";
        return { outcome: "selected", optionId };
      },
    });
    const { sessionId } = await newSession(connected);
    for (const [code, asked, shown] of [
      [0, 0, /ran it: hi$/],
      [1, 1, /ran it: hi$/],
      [2, 1, /I could not run it\.$/],
    ] as const) {
      writeFileSync(program, `#!/bin/sh\ncat > /dev/null\nexit ${code}\n`, { mode: 0o700 });
      await prompt(connected, sessionId, "echo hi");
      expect([requests.length, textOf(connected.updates)]).toEqual([asked, expect.stringMatching(shown)]);
    }
  });

  test("without a rule that asks, Amp reads its own settings and nobody is asked", async () => {
    const connected = await connect(bundle.path, "ask");
    const { sessionId } = await newSession(connected);
    await prompt(connected, sessionId, "echo free");

    expect(textOf(connected.updates)).toBe("ran it: free");
    expect(connected.at.calls()[0]?.args).not.toContain("--settings-file");
  });
});

describe("coming back", () => {
  test("load replays the conversation and goes on with its thread, in another process", async () => {
    const first = await connect(bundle.path, "echo");
    const { sessionId } = await newSession(first);
    const threadId = String(ampMeta(await prompt(first, sessionId, "remember me"))["threadId"]);
    for (const id of [sessionId, threadId]) {
      const second = await connect(bundle.path, "echo", { at: first.at });
      await second.agent.request(session.load, { sessionId: id, cwd: first.at.home, mcpServers: [] });
      expect(textOf(second.updates, "user_message_chunk")).toContain("remember me");
      expect(textOf(second.updates)).toContain("done");
      await prompt(second, id, "on");
      expect(first.at.calls().at(-1)?.args.slice(0, 3)).toEqual(["threads", "continue", threadId]);
    }
    await expect(
      first.agent.request(session.load, { sessionId: "../../etc/passwd", cwd: "/", mcpServers: [] }),
    ).rejects.toMatchObject({ code: -32002 });
  });

  test("--thread and --continue begin with a thread; a session after it has one of its own", async () => {
    const threadId = "T-2775dc92-90ed-4f85-8b73-8f9766029e83";
    const at = await scripted("echo");
    const file = join(at.home, "thread.json");
    const first = await connect(bundle.path, "echo", {
      at,
      args: ["--thread", `https://ampcode.com/threads/${threadId}`, "--thread-file", file],
    });
    await prompt(first, (await newSession(first)).sessionId, "x");
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ threadId });

    const second = await connect(bundle.path, "echo", { at, args: ["--continue", "--thread-file", file] });
    await prompt(second, (await newSession(second)).sessionId, "y");
    await prompt(second, (await newSession(second)).sessionId, "z");
    expect(at.calls().map(({ args }) => args[2])).toEqual([threadId, threadId, "--stream-json-thinking"]);
  });
});
