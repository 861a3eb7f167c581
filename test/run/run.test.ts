import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa, type Options } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ampProbeCache } from "../../src/amp/probe.ts";
import { bundleOnce } from "../../tools/bundle.ts";
import { isGroupAlive, SCRIPTED_AMP, type Scripted, scripted } from "../amp/scripted.ts";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
import { realAmpProbe } from "../support/noted-amp.ts";

const folder = mkdtempSync(join(tmpdir(), "amp-run-"));
const cli = join(folder, "cli.mjs");

beforeAll(async () => {
  const source = join(folder, "cli.ts");
  const path = (file: string) => JSON.stringify(fileURLToPath(new URL(`../../src/${file}`, import.meta.url)));
  writeFileSync(
    source,
    `import { createFront, runFront } from ${path("commands/front.ts")};
     import { runCommand } from ${path("commands/run.ts")};
     const run = runCommand(() => ({ probeCache: process.env.HOME + "/amp-probe.json" }));
     await runFront(createFront("", [run]), process.argv.slice(2));`,
  );
  writeFileSync(cli, await bundleOnce(source));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function amp(args: string[], at: Scripted, more: Options = {}) {
  const { input, env, ...rest } = more;
  return execa("node", [cli, "run", ...args], {
    cwd: at.home,
    env: { ...at.env, AMP_CLI_PATH: "", PATH: `${dirname(SCRIPTED_AMP)}:${process.env["PATH"]}`, ...env },
    reject: false,
    stripFinalNewline: false,
    ...(input === undefined ? { stdin: "ignore" as const } : { input: input as string }),
    ...rest,
  });
}

test("the prompt as an argument: text on stdout, silence on stderr", async () => {
  const at = await scripted("pieces");

  expect(await amp(["first|second\nline|"], at)).toMatchObject({
    exitCode: 0,
    stdout: "first\nsecond\nline\n",
    stderr: "",
  });
});

test.each([[["-"]], [[]]])("the prompt from stdin with %j", async (args) => {
  expect(await amp(args, await scripted("echo"), { input: "on\nstdin" })).toMatchObject({
    exitCode: 0,
    stdout: "You said: on\nstdin\n",
  });
});

test("--json passes the events through, line by line; a line that is none goes to stderr", async () => {
  const { stdout, stderr, exitCode } = await amp(["x", "--json"], await scripted("garbage"));
  const lines = String(stdout).trimEnd().split("\n");

  expect(exitCode).toBe(0);
  expect(lines.map((line) => JSON.parse(line).type)).toEqual([
    "system",
    "user",
    "assistant",
    "telemetry",
    "assistant",
    "result",
  ]);
  expect(stderr).toBe("warning: line 4 of Amp's output is left out, not JSON: this is no JSON\n");
});

test.each([
  [["--json"]],
  [[]],
])("with %j a broken line is said without its secrets, and nothing steers the terminal", async (flags) => {
  const at = await scripted("leak");
  const { stdout, stderr } = await amp(["x", ...flags], at, {
    env: { AMP_API_KEY: "sgamp_user_very-secret" },
  });

  expect(stderr).toBe(
    "warning: line 3 of Amp's output is left out, not JSON: debug: the key is [redacted]  [31m\n",
  );
  expect(`${stdout}`).not.toContain("very-secret");
  expect(`${stdout}`).toContain("told");
});

test.each([
  ["answer: 42=>42", "42\n"],
  ["answer: Let me see.=>42", "Let me see.\n42\n"],
  ["answer: one||two|=>one\n\n\n\ntwo\n\n", "one\ntwo\n"],
  ["answer: one|two=>two", "one\ntwo\n"],
  ["answer: |=>42", "42\n"],
  ["answer: =>42", "42\n"],
  ["odd: x", "still here\n"],
])("%j shows the answer, and shows it once", async (prompt, stdout) => {
  expect(await amp([prompt], await scripted("echo"))).toMatchObject({ exitCode: 0, stdout, stderr: "" });
});

test("a subagent's text is not the answer", async () => {
  expect(await amp(["x"], await scripted("tools"))).toMatchObject({ exitCode: 0, stdout: "All done.\n" });
});

test("flags reach Amp; --reject goes before --allow and both before the settings' rules", async () => {
  const at = await scripted("echo");
  const thread = "T-2775dc92-90ed-4f85-8b73-8f9766029e83";
  const flags = [
    "--mode",
    "high",
    "-l",
    "a",
    "--label",
    "b",
    "--continue",
    thread,
    "--allow",
    "Bash",
    "--reject",
    "Read",
  ];
  await amp(["x", ...flags, "--cwd", "/"], at);
  const [call] = at.calls();

  expect(call?.cwd).toBe("/");
  expect(call?.args.slice(0, 3)).toEqual(["threads", "continue", thread]);
  expect(call?.args.join(" ")).toContain("--mode high --label a --label b");
  expect(call?.args).toContain("--no-archive-after-execute");
  // Amp refuses what no rule speaks of: so the flags alone must not shut out everything else.
  expect(JSON.parse(call?.settings?.text ?? "")["amp.permissions"]).toEqual([
    { tool: "Read", action: "reject" },
    { tool: "Bash", action: "allow" },
    { tool: "*", action: "allow" },
  ]);
});

describe("permissions", () => {
  async function withSettings(scenario: string, settings: object): Promise<Scripted> {
    const at = await scripted(scenario);
    mkdirSync(join(at.home, ".config", "amp"), { recursive: true });
    writeFileSync(join(at.home, ".config", "amp", "settings.json"), JSON.stringify(settings));
    return at;
  }
  const rules = { "amp.permissions": [{ tool: "Read", action: "allow" }] };

  test.each([
    ["a rule of Amp's own asks", "ask", rules, "npm install left-pad"],
    ["a rule of the user's asks", "ask", { "amp.permissions": [{ tool: "Bash", action: "ask" }] }, "echo hi"],
    ["with only a guarded file", "ask", { "amp.guardedFiles.allowlist": [] }, "npm install left-pad"],
  ])("%s: refused, and said so", async (_, scenario, settings, prompt) => {
    const { stdout, stderr, exitCode } = await amp([prompt], await withSettings(scenario, settings));

    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "I could not run it.\n" });
    expect(stderr).toContain(
      `warning: Bash (${prompt}) was refused: a permission rule asks for consent, and nobody can be asked here. ` +
        "Allow it with --allow, or by a rule in amp.permissions.\n",
    );
  });

  test("a program of the user's that ends with 1 asks, too", async () => {
    const at = await scripted("ask");
    const program = join(at.home, "decide");
    writeFileSync(program, "#!/bin/sh\ncat > /dev/null\nexit 1\n", { mode: 0o700 });
    const settings = { "amp.permissions": [{ tool: "Bash", action: "delegate", to: program }] };
    mkdirSync(join(at.home, ".config", "amp"), { recursive: true });
    writeFileSync(join(at.home, ".config", "amp", "settings.json"), JSON.stringify(settings));

    expect((await amp(["echo hi"], at)).stderr).toContain("warning: Bash (echo hi) was refused");
  });

  test.each([
    ["what Amp's own rules allow", "ask", rules, []],
    ["what no rule speaks of", "ask-unheard", rules, []],
    [
      "what --allow names",
      "ask",
      { "amp.permissions": [{ tool: "Bash", action: "ask" }] },
      ["--allow", "Bash"],
    ],
    ["everything without rules", "ask", {}, []],
    ["everything else with flags alone", "ask-unheard", {}, ["--reject", "Bash"]],
    ["everything with amp.dangerouslyAllowAll", "ask", { ...rules, "amp.dangerouslyAllowAll": true }, []],
  ])("%s runs", async (_, scenario, settings, flags) => {
    expect(await amp(["echo hi", ...flags], await withSettings(scenario, settings))).toMatchObject({
      stdout: "ran it: hi\n",
      stderr: "",
    });
  });

  test("--reject holds also where the settings allow everything", async () => {
    const at = await withSettings("ask", { "amp.dangerouslyAllowAll": true });

    expect((await amp(["echo hi", "--reject", "Bash"], at)).stdout).toBe("I could not run it.\n");
  });
});

test.each([
  [
    "error",
    1,
    /^error: Amp reported error_during_execution: the model is overloaded \(execution\)\nTo fix it: /,
  ],
  ["denial", 1, /^warning: Amp was refused 1 tool call\.\nerror: .*\(permission_denied\)/],
  ["offline", 1, /\(cannot_connect\)\nTo fix it: Check the network/],
  ["login", 1, /\(auth_required\)\nTo fix it: Set AMP_API_KEY/],
  ["fail: Out of Credits Add credits to keep using Amp.", 1, /\(out_of_credits\)\nTo fix it: Add credits/],
  [
    "fail: A tool requires user approval, which is not supported in stream JSON mode",
    1,
    /\(approval_required\)\nTo fix it: Allow the tool/,
  ],
  ["fail: Unable to connect to Amp servers after multiple attempts", 1, /\(cannot_connect\)/],
  ["fail: the key sgamp_user_very_secret is odd", 1, /^error: .*: the key \[redacted\] is odd \(execution\)/],
  ["crash", 1, /\(execution\)\nTo fix it: .*\nAmp's last words:\n {2}panic: something broke/],
])("%s exits %i and says what to do", async (scenario, exitCode, stderr) => {
  const [, name = "", text = "x"] = scenario.match(/^([a-z-]+)(?:: (.*))?$/) ?? [];
  const result = await amp([text], await scripted(name));

  expect(result).toMatchObject({ exitCode, stderr: expect.stringMatching(stderr) });
});

test.each([
  [[], /There is no prompt/],
  [["  "], /The prompt is empty/],
  [["x", "--nope"], /^error: unknown option '--nope'.* See "amp-module run --help"\.\n$/],
  [
    ["x", "--jsno"],
    /^error: unknown option '--jsno'\. Did you mean --json\? See "amp-module run --help"\.\n$/,
  ],
  [["x", "y"], /too many arguments: y/],
  [["x", "--timeout", "soon"], /Want seconds/],
  [["x", "--mode", "nosuch"], /not one of Amp/],
  [["x", "--label", "two words"], /two words/],
  [["x", "--continue=nothing"], /not an Amp thread/],
  [["x", "--continue", "nothing"], /too many arguments: nothing/],
  [["x", "--label"], /argument missing/],
  [["x", "--label", "--json"], /argument missing/],
  [["x", "--cwd", "/nowhere"], /\/nowhere does not exist/],
])("%j is wrong usage: exit code 2", async (args, stderr) => {
  expect(await amp(args, await scripted("echo"))).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(stderr),
  });
});

test("a timeout exits 124 and leaves nothing running", async () => {
  const at = await scripted("hang");

  expect(await amp(["x", "--timeout", "3.5s"], at)).toMatchObject({
    exitCode: 124,
    stderr: expect.stringMatching(/3\.5 s/),
  });
  expect(isGroupAlive(at.pid())).toBe(false);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s exits %i, after Amp has ended", async (signal, exitCode) => {
  const at = await scripted("wait");
  const running = amp(["x"], at);
  await new Promise((resolve) => running.stdout?.once("data", resolve));
  running.kill(signal);

  expect(await running).toMatchObject({ exitCode, stdout: "waiting\n", stderr: "Interrupted.\n" });
  expect(isGroupAlive(at.pid())).toBe(false);
});

test("kill -9 leaves settings with secrets and a working Amp no longer than to the next run, which tells it", async () => {
  const at = await scripted("stubborn");
  const env = { TMPDIR: at.home };
  const folders = () => readdirSync(at.home).filter((name) => /^amp-\d+-/.test(name));
  const killed = amp(["x", "--reject", "Bash"], at, { env });
  await expect.poll(() => at.calls().length, { timeout: 10_000 }).toBe(1);
  expect(folders()).toHaveLength(1);
  killed.kill("SIGKILL");
  await killed;
  const [{ pid = 0 } = {}] = at.calls();
  expect(isGroupAlive(pid)).toBe(true);

  const next = await amp(["x", "--reject", "Bash"], at, { env: { ...env, AMP_STREAM: "echo" } });
  expect(next).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(`^warning: An Amp process \\(pid ${pid}\\)`),
  });
  expect(next.stderr).toMatch(/two SIGTERMs and was killed\.\n$/);
  expect(isGroupAlive(pid)).toBe(false);
  expect(folders()).toEqual([]);
}, 30_000);

test("a second Ctrl-C does not wait, and still leaves nothing running", async () => {
  const at = await scripted("stubborn");
  const running = amp(["x"], at);
  while (at.calls().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 200));
  running.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 200));
  running.kill("SIGINT");

  expect((await running).exitCode).toBe(130);
  await expect.poll(() => isGroupAlive(at.pid())).toBe(false);
});

test("a reader that goes away ends Amp", async () => {
  const at = await scripted("many");
  expect((await amp(["--help"], at)).exitCode).toBe(0);
  const { exitCode, stdout } = await execa("sh", ["-c", `node ${cli} run x | head -n 2`], {
    cwd: at.home,
    env: { ...at.env, AMP_CLI_PATH: SCRIPTED_AMP },
    timeout: 10_000,
  });

  expect([exitCode, stdout]).toEqual([0, "event number 0 of a long turn\nevent number 1 of a long turn"]);
  await expect.poll(() => isGroupAlive(at.pid())).toBe(false);
});

const real = await findRealAmp();
test.skipIf(!real)(`the real Amp without a server fails as cannot_connect ${whyNoRealAmp()}`, async () => {
  const at = await scripted("echo");
  // As the module's installation leaves it.
  ampProbeCache(join(at.home, "amp-probe.json")).write(await realAmpProbe());
  const begin = performance.now();
  const env = {
    AMP_CLI_PATH: real?.path ?? "",
    AMP_API_KEY: "sgamp_user_test-key",
    AMP_URL: "http://127.0.0.1:9/",
  };
  const result = await amp(["hello"], at, { env });

  expect(result).toMatchObject({
    exitCode: 1,
    stdout: "",
    stderr: expect.stringMatching(/\(cannot_connect\)/),
  });
  expect(performance.now() - begin).toBeLessThan(60_000);
  console.log(`real Amp offline: exit 1 after ${((performance.now() - begin) / 1000).toFixed(1)} s`);
});
