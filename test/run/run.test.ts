import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { execa, type Options } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { probeAmp } from "../../src/amp/probe.ts";
import { isGroupAlive, SCRIPTED_AMP, type Scripted, scripted } from "../amp/scripted.ts";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";

const folder = mkdtempSync(join(tmpdir(), "amp-run-"));
const cli = join(folder, "cli.mjs");

beforeAll(async () => {
  const source = join(folder, "cli.ts");
  const path = (file: string) => JSON.stringify(fileURLToPath(new URL(`../../src/${file}`, import.meta.url)));
  writeFileSync(
    source,
    `import { runProgram } from ${path("command-line.ts")};
     import { runCommand } from ${path("run/command.ts")};
     import { readFileSync, writeFileSync } from "node:fs";
     const file = process.env.HOME + "/amp-probe.json";
     const read = () => { try { return readFileSync(file, "utf8"); } catch { return undefined; } };
     const run = runCommand(() => ({ probeCache: { read, write: (text) => writeFileSync(file, text) } }));
     await runProgram({ summary: "", commands: { run } }, process.argv.slice(2));`,
  );
  await build({
    entryPoints: [source],
    outfile: cli,
    bundle: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    logLevel: "error",
  });
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

test("--json passes the events through, line by line, broken ones too", async () => {
  const { stdout, exitCode } = await amp(["x", "--json"], await scripted("garbage"));
  const lines = String(stdout).trimEnd().split("\n");

  expect(exitCode).toBe(0);
  expect(lines[2]).toBe("this is no JSON");
  expect(lines.filter((_, index) => index !== 2).map((line) => JSON.parse(line).type)).toEqual([
    "system",
    "assistant",
    "telemetry",
    "assistant",
    "result",
  ]);
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
  expect(JSON.parse(call?.settings?.text ?? "")["amp.permissions"]).toEqual([
    { tool: "Read", action: "reject" },
    { tool: "Bash", action: "allow" },
  ]);
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
  ["crash", 1, /\(execution\)\nTo fix it: .*\nAmp's last words:\n {2}panic: something broke/],
])("%s exits %i and says what to do", async (scenario, exitCode, stderr) => {
  const result = await amp(["x"], await scripted(scenario));

  expect(result).toMatchObject({ exitCode, stderr: expect.stringMatching(stderr) });
});

test.each([
  [[], /There is no prompt/],
  [["  "], /The prompt is empty/],
  [["x", "--nope"], /Unknown option '--nope'.*\n\nUsage: amp-module run \[options\] \[prompt\]\n/s],
  [["x", "y"], /too many arguments: y/],
  [["x", "--timeout", "soon"], /Want seconds/],
  [["x", "--mode", "nosuch"], /not one of Amp/],
  [["x", "--label", "two words"], /two words/],
  [["x", "--continue=nothing"], /not an Amp thread/],
  [["x", "--continue", "nothing"], /too many arguments: nothing/],
  [["x", "--label"], /argument missing/],
  [["x", "--cwd", "/nowhere"], /\/nowhere does not exist/],
])("%j is wrong usage: exit code 2", async (args, stderr) => {
  expect(await amp(args, await scripted("echo"))).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(stderr),
  });
});

test("a timeout exits 124 and leaves nothing running", async () => {
  const at = await scripted("hang");

  expect(await amp(["x", "--timeout", "1.5s"], at)).toMatchObject({
    exitCode: 124,
    stderr: expect.stringMatching(/1\.5 s/),
  });
  expect(isGroupAlive(at.calls()[0]?.pid ?? 0)).toBe(false);
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
  expect(isGroupAlive(at.calls()[0]?.pid ?? 0)).toBe(false);
});

test("a second Ctrl-C does not wait, and still leaves nothing running", async () => {
  const at = await scripted("stubborn");
  const running = amp(["x"], at);
  while (at.calls().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 200));
  running.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 200));
  running.kill("SIGINT");

  expect((await running).exitCode).toBe(130);
  await expect.poll(() => isGroupAlive(at.calls()[0]?.pid ?? 0)).toBe(false);
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
  await expect.poll(() => isGroupAlive(at.calls()[0]?.pid ?? 0)).toBe(false);
});

const real = await findRealAmp();
test.skipIf(!real)(
  `the real Amp without a server fails within 10 s as cannot_connect ${whyNoRealAmp()}`,
  async () => {
    const at = await scripted("echo");
    // As the module's installation leaves it.
    await probeAmp(real?.path ?? "", {
      cache: { read: () => undefined, write: (text) => writeFileSync(join(at.home, "amp-probe.json"), text) },
    });
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
    expect(performance.now() - begin).toBeLessThan(10_000);
    console.log(`real Amp offline: exit 1 after ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  },
);
