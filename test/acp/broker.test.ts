import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Decide, delegateTo, PermissionBroker, type PermissionQuestion } from "../../src/acp/broker.ts";
import type { PermissionRule } from "../../src/amp/options.ts";
import { testPermission } from "../../src/amp/permissions.ts";
import { scripted } from "../amp/scripted.ts";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
import { realAmpProbe } from "../support/noted-amp.ts";
import { buildAgent } from "./bundle.ts";

let bundle: Awaited<ReturnType<typeof buildAgent>>;
beforeAll(async () => {
  bundle = await buildAgent();
});
afterAll(() => bundle.remove());

async function broker(decide: Decide): Promise<PermissionBroker> {
  const opened = await PermissionBroker.open([process.execPath, bundle.path, "--ask-through"], decide);
  onTestFinished(() => opened.close());
  return opened;
}

const ask = (program: string, input: string) =>
  execa(program, { input, env: { AGENT_TOOL_NAME: "Bash" }, reject: false });

test("the program passes the call on and ends as it was decided", async () => {
  const questions: PermissionQuestion[] = [];
  const { program } = await broker(async (question) => {
    questions.push(question);
    return { isAllowed: questions.length === 1, reason: "not now" };
  });
  const input = { cmd: 'echo "ä\\n🧮"', long: "x".repeat(500_000) };

  expect(await ask(program, JSON.stringify(input))).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await ask(program, "no JSON")).toMatchObject({ exitCode: 2, stderr: "not now" });
  expect(questions).toEqual([
    { tool: "Bash", input },
    { tool: "Bash", input: undefined },
  ]);
});

test("only this user can ask, and after the end nobody: that is a refusal", async () => {
  const opened = await broker(async () => ({ isAllowed: true, reason: "" }));
  const folder = dirname(opened.program);
  expect([statSync(folder).mode & 0o777, statSync(opened.program).mode & 0o777]).toEqual([0o700, 0o700]);
  const command = (await execa("cat", [opened.program])).stdout.split("\n")[1] ?? "";
  opened.close();

  expect(() => readdirSync(folder)).toThrow("ENOENT");
  expect(await execa("sh", ["-c", command], { input: "{}", reject: false })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("Nobody could be asked"),
  });
});

test("a decision that fails is a refusal, and one whose caller is gone is told so", async () => {
  const gone: boolean[] = [];
  let asked = 0;
  const { program } = await broker(async ({ input }, signal) => {
    asked += 1;
    if (input === 1) throw new Error("broken");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    gone.push(signal.aborted);
    return { isAllowed: true, reason: "" };
  });
  expect(await ask(program, "1")).toMatchObject({ exitCode: 2, stderr: "broken" });
  const waiting = ask(program, "2");
  await expect.poll(() => asked).toBe(2);
  waiting.kill("SIGKILL");
  await waiting;

  await expect.poll(() => gone).toEqual([true]);
});

test("each rule that asks, or may come to it, asks through the program; the others stay as they are", async () => {
  const broker = { program: "/p", programFor: (decider: string) => `/p for ${decider}` };
  const rules: PermissionRule[] = [
    { tool: "Read", action: "allow" },
    { tool: "Bash", action: "ask", matches: { cmd: "*rm*" }, context: "thread" },
    { tool: "Bash", action: "delegate", to: "~/mine" },
    { tool: "Bash", action: "reject", message: "no" },
  ];

  expect(rules.map(delegateTo(broker))).toEqual([
    { tool: "Read", action: "allow" },
    { tool: "Bash", action: "delegate", to: "/p", matches: { cmd: "*rm*" }, context: "thread" },
    { tool: "Bash", action: "delegate", to: "/p for ~/mine" },
    { tool: "Bash", action: "reject", message: "no" },
  ]);
});

test.each([
  [0, 0, "", 0],
  [1, 0, "", 1],
  [2, 2, "mine says no", 0],
  [77, 77, "mine says no", 0],
])("a program of the user's own that ends with %i", async (code, exitCode, stderr, questions) => {
  const asked: PermissionQuestion[] = [];
  const opened = await broker(async (question) => {
    asked.push(question);
    return { isAllowed: true, reason: "" };
  });
  const { home, env } = await scripted("echo");
  const program = `#!/bin/sh\ncat > "$HOME/input"\n[ ${code} -lt 2 ] || echo mine says no >&2\nexit ${code}\n`;
  writeFileSync(join(home, "mine"), program, { mode: 0o700 });
  for (const path of ["~/mine", "%HOME%/mine"]) {
    const run = execa(opened.programFor(path), { input: '{"cmd":"x"}', env, reject: false });
    expect(await run).toMatchObject({ exitCode, stderr });
    expect(readFileSync(join(home, "input"), "utf8")).toBe('{"cmd":"x"}');
  }

  expect(asked).toHaveLength(2 * questions);
  expect(opened.programFor("~/mine")).toBe(opened.programFor("~/mine"));
});

test("a program that is not there is a refusal", async () => {
  const opened = await broker(async () => ({ isAllowed: true, reason: "" }));

  expect(await ask(opened.programFor("/nowhere"), "{}")).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("ENOENT"),
  });
});

const real = await findRealAmp();
test.skipIf(!real)(`the real Amp runs the program and does as it says ${whyNoRealAmp()}`, async () => {
  const questions: PermissionQuestion[] = [];
  const opened = await broker(async (question) => {
    questions.push(question);
    return { isAllowed: questions.length === 1, reason: "not this one" };
  });
  const { home, env } = await scripted("echo");
  const settingsFile = join(home, "settings.json");
  const rules = [{ tool: "Bash", action: "ask" } as const].map(delegateTo(opened));
  writeFileSync(settingsFile, JSON.stringify({ "amp.permissions": rules }));
  const options = { amp: await realAmpProbe(), cwd: home, env, settingsFile };

  expect(await testPermission("Bash", { cmd: "ls -l" }, options)).toMatchObject({ action: "allow" });
  expect(await testPermission("Bash", { cmd: "rm" }, options)).toMatchObject({
    action: "reject",
    error: "not this one\n",
  });
  expect(questions).toEqual([
    { tool: "Bash", input: { cmd: "ls -l" } },
    { tool: "Bash", input: { cmd: "rm" } },
  ]);
});
