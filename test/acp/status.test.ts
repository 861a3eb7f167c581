import { writeFileSync } from "node:fs";
import { methods } from "@agentclientprotocol/sdk";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { AgentStatus } from "../../src/acp/status.ts";
import { createRedact } from "../../src/base/redact.ts";
import { scripted } from "../amp/scripted.ts";
import { type CoderApi, startCoderApi } from "../support/coder-api.ts";
import { buildAgent } from "./bundle.ts";
import { connect } from "./client.ts";

const token = "agent-token-4f1c92a7";
let bundle: Awaited<ReturnType<typeof buildAgent>>;
let coder: CoderApi;

beforeAll(async () => {
  bundle = await buildAgent();
});

afterAll(() => bundle.remove());

afterEach(() => coder.close());

async function environment(): Promise<Record<string, string>> {
  coder = await startCoderApi({ token, taskId: "none", answer: 404 });
  return { CODER_AGENT_URL: coder.url, CODER_AGENT_TOKEN: token, AMP_MODULE_STATUS_APP: "amp" };
}

const last = () => {
  const { state, message } = coder.statuses.at(-1) ?? {};
  return `${state}: ${message}`;
};
const soon = { timeout: 15_000 };

/** The status of one session on a thread, as its events tell of it. */
async function told() {
  const env = await environment();
  const lines: string[] = [];
  const status = new AgentStatus(env, createRedact(env), (line) => lines.push(line)).of("s", "T-1");
  const call = (name: string, rawInput: object) =>
    status.saw({ sessionUpdate: "tool_call", toolCallId: "t", title: name, name, rawInput });
  return { status, call, lines };
}

test("a turn as its events tell it: open, at work with its tool, a question, its answer, done", async () => {
  const { status, call, lines } = await told();
  await expect.poll(last, soon).toBe("idle: Ready for a message");
  status.turnBegan();
  call("Bash", { cmd: `npm test ${token}` });
  await expect.poll(last, soon).toBe("working: Running `npm test [redacted]`");
  call("Bash", { cmd: "git push" });
  status.waiting({ title: "git push" });
  // A call of the same moment does not hide the question.
  call("Bash", { cmd: "ls" });
  await expect.poll(last, soon).toBe("idle: Waiting for your approval: git push");
  status.waiting(undefined);
  await expect.poll(last, soon).toBe("working: Running `ls`");
  status.turnEnded("done");
  await expect.poll(last, soon).toBe("idle: Done: waiting for a message");
  expect(coder.statuses.at(-1)?.uri).toBe("https://ampcode.com/threads/T-1");
  expect([...coder.complaints, ...lines]).toEqual([]);
});

test.each([
  ["cancelled", "", "idle: Cancelled: waiting for a message"],
  ["error", "Out of Credits", "failure: Amp stopped with an error: Out of Credits"],
] as const)("a turn that ends as %j says so, also if its question goes after it", async (how, reason, wanted) => {
  const { status } = await told();
  status.turnBegan();
  status.waiting({ title: "git push" });
  status.turnEnded(how, reason);
  status.waiting(undefined);
  await expect.poll(last, soon).toBe(wanted);
});

test("what a client that shows text only is not told, Coder is: the tool that runs", async () => {
  const env = await environment();
  const at = await scripted("ask");
  const setup = { at: { ...at, env: { ...at.env, ...env } }, isNameless: true };
  const { agent } = await connect(bundle.path, "ask", setup);
  const { sessionId } = await agent.request<{ sessionId: string }>(methods.agent.session.new, {
    cwd: at.home,
    mcpServers: [],
  });
  const prompt = [{ type: "text" as const, text: `while [ ! -e ${at.home}/go ]; do sleep 0.1; done` }];
  const turn = agent.request(methods.agent.session.prompt, { sessionId, prompt });
  await expect.poll(last, soon).toMatch(/^working: Running `while /);
  writeFileSync(`${at.home}/go`, "");
  await turn;
  await expect.poll(last, soon).toBe("idle: Done: waiting for a message");
});

test("the agent itself, with a client as silent as AgentAPI: a turn, then one that fails with its reason", async () => {
  const env = await environment();
  for (const [scenario, wanted] of [
    ["echo", /^idle: Done: waiting for a message$/],
    ["offline", /^failure: .*(connect|server)/i],
  ] as const) {
    const at = await scripted(scenario);
    const setup = { at: { ...at, env: { ...at.env, ...env } }, isNameless: true };
    const { agent } = await connect(bundle.path, scenario, setup);
    const session = { cwd: at.home, mcpServers: [] };
    const { sessionId } = await agent.request<{ sessionId: string }>(methods.agent.session.new, session);
    const prompt = [{ type: "text" as const, text: "hello" }];
    await agent.request(methods.agent.session.prompt, { sessionId, prompt });
    await expect.poll(last, soon).toMatch(wanted);
  }
  expect(coder.complaints).toEqual([]);
});
