import { type AnyMessage, methods } from "@agentclientprotocol/sdk";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { reported } from "../../src/acp/status.ts";
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

/** The observed connection, with what is put into each of its directions. */
async function observed() {
  const env = await environment();
  const incoming = new TransformStream<AnyMessage, AnyMessage>();
  const sent: AnyMessage[] = [];
  const writable = new WritableStream<AnyMessage>({ write: (message) => void sent.push(message) });
  const lines: string[] = [];
  const stream = reported({ readable: incoming.readable, writable }, env, createRedact(env), (line) =>
    lines.push(line),
  );
  const received: AnyMessage[] = [];
  void stream.readable.pipeTo(new WritableStream({ write: (message) => void received.push(message) }));
  const toAgent = incoming.writable.getWriter();
  const fromAgent = stream.writable.getWriter();
  const rpc = (rest: object) => ({ jsonrpc: "2.0" as const, ...rest }) as AnyMessage;
  return {
    sent,
    received,
    lines,
    in: (message: object) => toAgent.write(rpc(message)),
    out: (message: object) => fromAgent.write(rpc(message)),
  };
}

test("a turn as the messages tell it: open, at work with its tool, a question, done; every message passes", async () => {
  const seen = await observed();
  await seen.in({ id: 1, method: "session/new", params: { cwd: "/" } });
  await seen.out({ id: 1, result: { sessionId: "s", _meta: { amp: { threadId: "T-1" } } } });
  await expect.poll(last, soon).toBe("idle: Ready for a message");
  await seen.in({ id: 2, method: "session/prompt", params: { sessionId: "s", prompt: [] } });
  // The client's answer to a request of the agent's own, which has the same number.
  await seen.in({ id: 2, error: { message: "Method not found" } });
  const update = { sessionUpdate: "tool_call", name: "Bash", rawInput: { cmd: `npm test ${token}` } };
  await seen.out({ method: "session/update", params: { sessionId: "s", update } });
  await expect.poll(last, soon).toBe("working: Running `npm test [redacted]`");
  const toolCall = { title: "git push" };
  await seen.out({ id: 9, method: "session/request_permission", params: { sessionId: "s", toolCall } });
  await expect.poll(last, soon).toBe("idle: Waiting for your approval: git push");
  await seen.out({ id: 2, result: { stopReason: "end_turn", _meta: { amp: { threadId: "T-1" } } } });
  await expect.poll(last, soon).toBe("idle: Done: waiting for a message");
  expect(coder.statuses.at(-1)?.uri).toBe("https://ampcode.com/threads/T-1");
  expect([seen.sent.length, seen.received.length]).toEqual([4, 3]);
  expect([...coder.complaints, ...seen.lines]).toEqual([]);
});

test.each([
  [{ result: { stopReason: "cancelled" } }, "idle: Cancelled: waiting for a message"],
  [{ error: { message: "Out of Credits" } }, "failure: Amp stopped with an error: Out of Credits"],
])("a turn that ends with %j says so", async (end, wanted) => {
  const seen = await observed();
  await seen.in({ id: 2, method: "session/prompt", params: { sessionId: "s", prompt: [] } });
  await seen.out({ id: 2, ...end });
  await expect.poll(last, soon).toBe(wanted);
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
