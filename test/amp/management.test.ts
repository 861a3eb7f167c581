import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { checkMcpServers, listMcpServers, parseDoctor } from "../../src/amp/mcp.ts";
import { listPermissions, testPermission } from "../../src/amp/permissions.ts";
import type { AmpProbe } from "../../src/amp/probe.ts";
import { continueThread, run } from "../../src/amp/run.ts";
import { createThread, listThreads, threadMarkdown } from "../../src/amp/threads.ts";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
import { realAmpProbe } from "../support/noted-amp.ts";
import { scripted } from "./scripted.ts";

describe("threads, with the scripted Amp", () => {
  test("new, continue, markdown and list", async () => {
    const { options, calls } = await scripted("echo");
    const { id, url } = await createThread(options);

    expect(url).toBe(`https://ampcode.com/threads/${id}`);
    expect(await continueThread(url, "hello", options)).toMatchObject({
      threadId: id,
      text: "You said: hello",
    });
    expect(await threadMarkdown(id, options)).toContain("## User\n\nhello");
    expect(await listThreads({ ...options, limit: 5, includeArchived: true })).toEqual([
      { id: "T-1", title: "one", more: 1 },
    ]);
    expect(calls().at(-1)?.args).toEqual(["threads", "list", "--json", "--limit", "5", "--include-archived"]);
  });

  test("a command that waits for a login is ended", async () => {
    const { options } = await scripted("echo");

    await expect(checkMcpServers(options)).rejects.toMatchObject({ kind: "auth_required" });
  });

  test("a command that is not known", async () => {
    const { options } = await scripted("echo");

    await expect(
      listMcpServers({ ...options, amp: { ...options.amp, path: "/bin/false" } }),
    ).rejects.toMatchObject({
      kind: "execution",
      exitCode: 1,
    });
  });
});

test("the last word on each MCP server counts", () => {
  const text = `User settings: /x

a b (user): connecting...
h (--mcp-config flag): reconnecting (attempt 2, retry in 1500ms)...
h (--mcp-config flag): error - SSE error: Unable to connect.
a b (user): connected
`;
  expect(parseDoctor(text)).toEqual([
    { name: "a b", source: "user", status: "connected", detail: "" },
    { name: "h", source: "--mcp-config flag", status: "error", detail: "SSE error: Unable to connect." },
  ]);
});

describe("the real Amp, offline", { timeout: 90_000 }, async () => {
  const real = await findRealAmp();
  let amp: AmpProbe;
  beforeAll(async () => {
    if (real) amp = await realAmpProbe();
  });
  const test_ = test.skipIf(!real);
  if (!real) test.skip(`no real Amp: ${whyNoRealAmp()}`, () => {});

  async function offline(settings: object = {}) {
    const { home, env } = await scripted("echo");
    mkdirSync(join(home, ".config", "amp"), { recursive: true });
    writeFileSync(join(home, ".config", "amp", "settings.json"), JSON.stringify(settings));
    // A closed port on this machine: nothing ever leaves it.
    return {
      amp,
      cwd: home,
      env: { ...env, AMP_API_KEY: "sgamp_user_test-key", AMP_URL: "http://127.0.0.1:9/" },
    };
  }

  test_("the probe tells what it can do", () => {
    expect(amp.flags).toEqual(
      expect.arrayContaining(["--stream-json", "--stream-json-input", "--mode", "--mcp-config"]),
    );
    expect(amp.modes).toEqual(expect.arrayContaining(["low", "medium", "high"]));
  });

  test_("permissions: rules, and verdicts by rule, by Amp itself and by a program", async () => {
    const program = join(mkdtempSync(join(tmpdir(), "amp-rule-")), "program");
    onTestFinished(() => rmSync(dirname(program), { recursive: true }));
    // It reads its input: Amp itself ends without a word where a program does not.
    writeFileSync(program, "#!/bin/sh\ncat >/dev/null\nexit 1\n", { mode: 0o755 });
    const rules = [
      { tool: "Read", action: "reject", message: "no reading here" },
      { tool: "Bash", action: "delegate", to: program },
      { tool: "mcp__*", action: "ask" },
    ];
    const options = await offline({ "amp.permissions": rules });

    expect(await listPermissions(options)).toEqual(rules);
    expect((await listPermissions({ ...options, source: "builtin" })).length).toBeGreaterThan(10);
    expect(await testPermission("Read", { path: "/x y" }, options)).toMatchObject({
      tool: "Read",
      arguments: { path: "/x y" },
      action: "reject",
      source: "user",
      error: "no reading here",
    });
    // Exit code 1 of the program means "ask".
    expect(await testPermission("Bash", { cmd: "ls" }, options)).toMatchObject({
      action: "ask",
      matchedEntry: { to: program },
    });
    expect(await testPermission("mcp__a__b", {}, options)).toMatchObject({ action: "ask" });
    expect(await testPermission("Grep", {}, options)).toMatchObject({ action: "allow" });
  });

  test_("MCP servers", async () => {
    const options = await offline({
      "amp.mcpServers": { mine: { command: "true", args: ["1"] }, web: { url: "http://127.0.0.1:9/mcp" } },
    });
    const servers = await listMcpServers(options);

    expect(servers.map(({ name, type }) => [name, type])).toEqual([
      ["mine", "command"],
      ["web", "url"],
    ]);
    expect(servers[0]?.spec).toMatchObject({ command: "true", args: ["1"] });
  });

  test_("it reads the files that are made for it: rules and MCP servers take effect", async () => {
    const { overlaidSettings } = await import("../../src/amp/settings.ts");
    const options = await offline();
    const settingsFile = join(options.cwd, "overlaid.json");
    const base = () => ({ "amp.permissions": [{ tool: "Read", action: "allow" }] });
    writeFileSync(
      settingsFile,
      JSON.stringify(overlaidSettings(base, { permissions: [{ tool: "Read", action: "reject" }] }, true)),
    );

    expect(await testPermission("Read", {}, { ...options, settingsFile })).toMatchObject({
      action: "reject",
    });
  });

  test_("no server: cannot_connect, with nothing hanging", async () => {
    await expect(run("hello", await offline())).rejects.toMatchObject({
      kind: "cannot_connect",
      exitCode: 1,
    });
    await expect(createThread(await offline())).rejects.toMatchObject({ kind: "cannot_connect" });
  });

  test_("it takes every flag that is made for it", async () => {
    const options = await offline();
    await expect(
      run(["one", "two"], {
        ...options,
        continueThread: "T-2775dc92-90ed-4f85-8b73-8f9766029e83",
        mode: "high",
        visibility: "private",
        labels: ["a", "b"],
        thinking: true,
        keepThread: true,
        permissions: [{ tool: "Bash", action: "reject" }],
        mcpConfig: { a: { command: "true", args: [], env: { A: "b" } } },
        skills: options.cwd,
        settings: { "amp.showCosts": false },
        logLevel: "error",
        logFile: join(options.cwd, "amp.log"),
        noIde: true,
        noColor: true,
        noNotifications: true,
        dangerouslyAllowAll: true,
      }),
    ).rejects.toMatchObject({ kind: "cannot_connect" });
  });

  test_("no key: auth_required instead of a login that waits for ever", async () => {
    const { env, ...options } = await offline();

    await expect(run("hello", { ...options, env: { ...env, AMP_API_KEY: "" } })).rejects.toMatchObject({
      kind: "auth_required",
    });
  });
});
