import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { execute, executeRecords } from "../../src/amp/execute.ts";
import { environment } from "../../src/amp/resolve.ts";
import { run } from "../../src/amp/run.ts";
import { collect, isGroupAlive, scripted, texts } from "./scripted.ts";

describe("a turn that works", () => {
  test("yields init, messages and result in order, and run returns the final text", async () => {
    const amp = await scripted("echo");
    const { events, error } = await collect("hello", amp.options);

    expect(error).toBeUndefined();
    expect(events.map((event) => event.type)).toEqual(["system", "user", "assistant", "result"]);
    expect(await run("again", amp.options)).toMatchObject({
      text: "You said: again",
      turns: 1,
      permissionDenials: [],
    });
  });

  test("a prompt of every kind of character, 300 KB long, arrives whole and stays out of the argument list", async () => {
    const amp = await scripted("echo");
    const prompt = `-x --help "$(touch /tmp/x)" \`id\` 'q' \\ \u0001 ${"äß🧮\n".repeat(30_000)}`;
    const { text } = await run(prompt, amp.options);

    expect(text).toBe(`You said: ${prompt}`);
    expect(amp.calls()[0]?.args.join(" ")).not.toContain("äß");
  });

  test("several messages with an image are turns of one thread", async () => {
    const amp = await scripted("echo");
    const image = {
      type: "image",
      source: { type: "base64", media_type: "image/png", data: "aGk=" },
    } as const;
    const { events } = await collect(["one", [{ type: "text", text: "two" }, image]], amp.options);

    expect(texts(events)).toEqual(["You said: one", "You said: two\n[image image/png aGk=]"]);
    expect(new Set(events.flatMap((event) => ("session_id" in event ? event.session_id : []))).size).toBe(1);
    expect(amp.messages()[1]).toEqual([{ type: "text", text: "two" }, image]);
  });

  test("messages can be answered while Amp runs", async () => {
    const amp = await scripted("echo");
    const answers: string[] = [];
    let next: (() => void) | undefined;
    async function* conversation() {
      yield "first";
      await new Promise<void>((done) => {
        next = done;
      });
      yield `after ${answers.at(-1)}`;
    }
    for await (const event of execute(conversation(), amp.options)) {
      if (event.type !== "assistant" || event.message.stop_reason !== "end_turn") continue;
      answers.push(texts([event]).join(""));
      next?.();
    }
    expect(answers).toEqual(["You said: first", "You said: after You said: first"]);
  });

  test("broken lines and unknown events are passed on, and the turn is not lost", async () => {
    const { events, error } = await collect("x", (await scripted("garbage")).options);

    expect(error).toBeUndefined();
    expect(events).toContainEqual({ type: "broken", line: 4, reason: "not JSON", start: "this is no JSON" });
    expect(events).toContainEqual({
      type: "unknown",
      event: expect.objectContaining({ type: "telemetry", points: [1, 2] }),
    });
    expect(texts(events)).toEqual(["before", "after"]);
  });

  test("each record carries the line as Amp wrote it", async () => {
    for await (const { event, text } of executeRecords("x", (await scripted("tools")).options)) {
      expect(JSON.parse(text)).toEqual(event);
    }
  });

  test("a reader that is busy when Amp ends loses nothing", async () => {
    const pause = () => {
      const end = performance.now() + 350;
      while (performance.now() < end);
    };
    let events = 0;
    for await (const _event of execute("x", (await scripted("many")).options)) {
      events += 1;
      // The last of it is still in the pipe when Amp is gone.
      if (events > 99_000 && events % 150 === 0) pause();
    }
    expect(events).toBe(100_003);
  });

  test("a child of Amp that holds its output open does not hold the caller", async () => {
    const amp = await scripted("holder");
    const { events, error } = await collect("x", amp.options);

    expect(error).toBeUndefined();
    expect(texts(events)).toEqual(["held"]);
    // It was left running on purpose, as a server would be.
    expect(isGroupAlive(amp.pid())).toBe(true);
  });
});

test("a failure among several messages is not called a success", async () => {
  const at = await scripted("echo");
  const messages = (async function* () {
    yield "error: first";
    yield "second";
  })();

  await expect(run(messages, at.options)).rejects.toMatchObject({ message: /the model is overloaded/ });
  await expect(run(["fail: Out of Credits Add credits.", "second"], at.options)).rejects.toMatchObject({
    kind: "out_of_credits",
    remedy: /Add credits/,
  });
});

test("an answer that stands in no result is still one", async () => {
  const { options } = await scripted("echo");

  expect(await run("answer: one|two=>", options)).toMatchObject({ text: "one\n\ntwo" });
});

describe("a turn that fails", () => {
  test.each([
    ["offline", "cannot_connect", /Couldn't connect to the Amp server/],
    ["login", "auth_required", /no API key/],
    ["login-stderr", "auth_required", /no API key/],
    ["silent", "no_result", /without a result/],
    ["crash", "execution", /signal SIGKILL.*panic: something broke/s],
    ["crash-quietly", "protocol", /exit code 0/],
    ["error", "execution", /error_during_execution: the model is overloaded/],
    ["max-turns", "execution", /used up its turns \(7\)/],
    ["denial", "permission_denied", /refused 1 tool calls: not allowed/],
  ])("%s is %s, with nothing left running", async (scenario, kind, message) => {
    const amp = await scripted(scenario);

    await expect(run("x", amp.options)).rejects.toMatchObject({
      name: "AmpError",
      kind,
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(/\w+/),
    });
    expect(amp.calls().filter(({ pid }) => isGroupAlive(pid))).toEqual([]);
  });

  test("what came before a crash is not lost, and the error names the thread", async () => {
    const { events, error } = await collect("x", (await scripted("crash")).options);

    expect(texts(events)).toEqual(["half"]);
    expect(error).toMatchObject({
      threadId: expect.stringMatching(/^T-/),
      signal: "SIGKILL",
      stderrTail: /panic/,
    });
  });

  test("the error output is kept to its last 64 KiB, without secrets", async () => {
    const env = { AMP_API_KEY: "sgamp_user_very-secret" };
    const { error } = await collect("x", (await scripted("stderr-flood", { env })).options);

    expect(error).toMatchObject({ kind: "execution", exitCode: 3 });
    const { stderrTail, message } = error as { stderrTail: string; message: string };
    expect(stderrTail).toHaveLength(64 * 1024 - "sgamp_user_very-secret".length + "[redacted]".length);
    expect(stderrTail).toMatch(/AMP_API_KEY=\[redacted\] the end\n$/);
    expect(message).not.toContain("very-secret");
  });

  test("no Amp, and an Amp that cannot be started", async () => {
    const amp = await scripted("echo");
    const nowhere = { ...amp.options.amp, path: join(amp.home, "nowhere") };
    const options = { ...amp.options, amp: nowhere };

    await expect(run("x", options)).rejects.toMatchObject({ kind: "cli_not_found", message: /ENOENT/ });
    const env = {
      ...amp.env,
      PATH: amp.home,
      AMP_CLI_PATH: undefined,
      NPM_CONFIG_PREFIX: undefined,
      npm_config_prefix: undefined,
    };
    await expect(run("x", { cwd: amp.home, env })).rejects.toMatchObject({
      kind: "cli_not_found",
      message: /not installed/,
    });
  });
});

describe("ending Amp early", () => {
  test("a hanging Amp is ended after the time limit", async () => {
    const amp = await scripted("hang", { timeoutMs: 4_000 });
    const { events, error } = await collect("x", amp.options);

    expect(events.map((event) => event.type)).toEqual(["system"]);
    expect(error).toMatchObject({ kind: "timeout", message: "Amp was not done after 4 s." });
    expect(isGroupAlive(amp.pid())).toBe(false);
  });

  test("an Amp that ignores SIGTERM is killed after the grace, with its children", async () => {
    const amp = await scripted("stubborn", { timeoutMs: 4_000, graceMs: 300 });
    const { error } = await collect("x", amp.options);

    expect(error).toMatchObject({
      kind: "timeout",
      signal: "SIGKILL",
      message: expect.stringContaining("did not end at two SIGTERMs and was killed"),
    });
    expect(isGroupAlive(amp.pid())).toBe(false);
  });

  test("the caller's signal stops it, before or while it runs", async () => {
    const amp = await scripted("hang");
    const controller = new AbortController();
    const running = collect("x", { ...amp.options, signal: controller.signal });
    await expect.poll(() => amp.calls().length).toBe(1);
    controller.abort();

    expect((await running).error).toMatchObject({ kind: "aborted" });
    expect(isGroupAlive(amp.pid())).toBe(false);
    expect((await collect("x", { ...amp.options, signal: controller.signal })).error).toMatchObject({
      kind: "aborted",
    });
    expect(amp.calls()).toHaveLength(1);
  });

  test("leaving the loop ends it and removes its files", async () => {
    const amp = await scripted("hang", { mcpConfig: { a: { command: "x" } } });
    // Other test files work in the system's temporary folder at the same time.
    const temporary = mkdtempSync(join(tmpdir(), "amp-module-execute-"));
    vi.stubEnv("TMPDIR", temporary);
    onTestFinished(() => {
      vi.unstubAllEnvs();
      rmSync(temporary, { recursive: true, force: true });
    });
    for await (const _event of execute("x", amp.options)) break;

    expect(isGroupAlive(amp.pid())).toBe(false);
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe("options", () => {
  test("secrets reach Amp in private files that are gone afterwards", async () => {
    const amp = await scripted("echo");
    const path = join(amp.home, "settings.json");
    writeFileSync(
      path,
      '{ // mine\n"amp.a": 1, "amp.b": 2, "amp.permissions": [{"tool": "Read", "action": "ask"}] }',
    );
    await run("x", {
      ...amp.options,
      settingsFile: path,
      permissions: [{ tool: "Bash", action: "reject" }],
      mcpConfig: {
        web: { url: "https://mcp.example", headers: { Authorization: "Bearer top-secret-token" } },
      },
      settings: { "amp.b": 3 },
      skills: ["/a", "/b"],
      dangerouslyAllowAll: true,
    });

    const [call] = amp.calls();
    expect(call?.args.join(" ")).not.toContain("top-secret-token");
    expect(JSON.parse(call?.settings?.text ?? "")).toEqual({
      "amp.a": 1,
      "amp.b": 3,
      "amp.permissions": [
        { tool: "Bash", action: "reject" },
        { tool: "Read", action: "ask" },
      ],
      "amp.dangerouslyAllowAll": true,
      "amp.skills.path": "/a:/b",
    });
    expect(JSON.parse(call?.mcp?.text ?? "")).toMatchObject({
      web: { headers: { Authorization: "Bearer top-secret-token" } },
    });
    expect([call?.settings?.mode, call?.mcp?.mode]).toEqual([0o600, 0o600]);
    const file = call?.args[call.args.indexOf("--mcp-config") + 1] ?? "";
    expect(() => readdirSync(join(file, ".."))).toThrow("ENOENT");
  });

  test("a settings file that does not parse stops the run: its permission rules must not be dropped", async () => {
    const amp = await scripted("echo", { permissions: [{ tool: "Bash", action: "allow" }] });
    const settingsFile = join(amp.home, "settings.json");
    writeFileSync(settingsFile, '{"amp.permissions": [');

    await expect(run("x", { ...amp.options, settingsFile })).rejects.toMatchObject({
      kind: "execution",
      message: /settings\.json cannot be read/,
    });
    expect(amp.calls()).toEqual([]);
  });

  test("environment, folder and toolbox", async () => {
    const amp = await scripted("echo", { toolbox: "/tools", env: { AMP_STREAM_EXTRA: "yes" } });
    await run("x", amp.options);

    expect(amp.calls()[0]).toMatchObject({ cwd: amp.home, toolbox: "/tools", extra: "yes" });
  });

  test.each([
    [{ labels: Array.from({ length: 21 }, (_, index) => `l${index}`) }, /21 labels/],
    [{ labels: ["two words"] }, /two words/],
    [{ continueThread: "not a thread" }, /not an Amp thread/],
    [{ permissions: [{ tool: "Bash", action: "delegate" as const }] }, /needs "to"/],
    [{ mode: "nosuch" }, /not one of Amp .*: low, medium, high/],
    [{ timeoutMs: -1 }, /timeoutMs/],
  ])("%j is refused before Amp is started", async (options, message) => {
    const amp = await scripted("echo");

    await expect(run("x", { ...amp.options, ...options })).rejects.toThrow(message);
    expect(amp.calls()).toEqual([]);
  });
});

test("silence ends Amp after idleTimeoutMs, whatever time there is left; words begin it anew", async () => {
  // Long enough for the scripted Amp to say its pid, even on a busy machine.
  const silent = await scripted("hang", { idleTimeoutMs: 5_000, timeoutMs: 60_000 });
  const { error } = await collect("x", silent.options);
  expect(error).toMatchObject({ kind: "timeout", message: expect.stringContaining("was silent for 5 s") });
  expect(isGroupAlive(silent.pid())).toBe(false);
});

test("a caller who takes the events slowly is not Amp's silence", async () => {
  const amp = await scripted("echo", { idleTimeoutMs: 5_000 });
  let events = 0;
  for await (const _ of execute("pieces:a|b|c", amp.options)) {
    events += 1;
    if (events === 2) await new Promise((resolve) => setTimeout(resolve, 5_500));
  }
  expect(events).toBe(6);
});

test("enabledTools is a setting of this run, and sdkVersion a variable of Amp's environment", async () => {
  const amp = await scripted("echo", { enabledTools: ["Read", "mcp__docs__*"] });
  await collect("x", amp.options);
  expect(JSON.parse(amp.calls()[0]?.settings?.text ?? "{}")).toEqual({
    "amp.tools.enable": ["Read", "mcp__docs__*"],
  });
  expect(environment({ sdkVersion: "mine/1" })["AMP_SDK_VERSION"]).toBe("mine/1");
  expect(environment({})["AMP_SDK_VERSION"]).toBe(process.env["AMP_SDK_VERSION"]);
});
