import { readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { delegateAsks, permissionsOf } from "../../src/acp/ask-rules.ts";
import { type Decide, PermissionBroker, type PermissionQuestion } from "../../src/acp/broker.ts";
import type { PermissionRule } from "../../src/amp/options.ts";
import { testPermission } from "../../src/amp/permissions.ts";
import { probeAmp } from "../../src/amp/probe.ts";
import { scripted } from "../amp/scripted.ts";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
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
  await expect.poll(() => asked, { timeout: 5_000 }).toBe(2);
  waiting.kill("SIGKILL");
  await waiting;

  await expect.poll(() => gone).toEqual([true]);
});

describe("which rules are delegated", () => {
  const rules: PermissionRule[] = [
    { tool: "Read", action: "allow" },
    { tool: "Bash", action: "ask", matches: { cmd: "*rm*" } },
  ];
  const builtin = async (): Promise<PermissionRule[]> => [{ tool: "Bash", action: "ask" }];
  const never = (): never => {
    throw new Error("read for nothing");
  };

  test("ask rules keep their conditions; the others stay as they are", async () => {
    expect(await delegateAsks({ rules, allowsAll: undefined }, never, "/p")).toEqual([
      { tool: "Read", action: "allow" },
      { tool: "Bash", action: "delegate", to: "/p", matches: { cmd: "*rm*" } },
    ]);
  });

  test("nothing is changed where nothing asks, or Amp never does", async () => {
    expect(
      await delegateAsks({ rules: rules.slice(0, 1), allowsAll: undefined }, never, "/p"),
    ).toBeUndefined();
    expect(await delegateAsks({ rules, allowsAll: true }, never, "/p")).toBeUndefined();
    expect(permissionsOf({ "amp.permissions": "odd", "amp.dangerouslyAllowAll": 1 })).toEqual({
      rules: [],
      allowsAll: undefined,
    });
  });

  test("with amp.dangerouslyAllowAll: false Amp's own rules take part", async () => {
    expect(await delegateAsks({ rules: [], allowsAll: false }, builtin, "/p")).toEqual([
      { tool: "Bash", action: "delegate", to: "/p" },
    ]);
  });
});

const real = await findRealAmp();
test.skipIf(!real)(`the real Amp runs the program and does as it says ${whyNoRealAmp()}`, async () => {
  const questions: PermissionQuestion[] = [];
  const { program } = await broker(async (question) => {
    questions.push(question);
    return { isAllowed: questions.length === 1, reason: "not this one" };
  });
  const { home, env } = await scripted("echo");
  const settingsFile = join(home, "settings.json");
  const rules = await delegateAsks(
    { rules: [{ tool: "Bash", action: "ask" }], allowsAll: undefined },
    async () => [],
    program,
  );
  writeFileSync(settingsFile, JSON.stringify({ "amp.permissions": rules }));
  const options = { amp: await probeAmp(real?.path ?? ""), cwd: home, env, settingsFile };

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
