import { afterEach, beforeAll, expect, test } from "vitest";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
import { type CoderApi, type StatusAnswer, startCoderApi } from "../support/coder-api.ts";
import { type Plugin, startPlugin } from "./plugin-runtime.ts";

const token = "agent-token-4f1c92a7";
const thread = { id: "T-0199c0de-1234-7abc-8def-0123456789ab" };
const uri = `https://ampcode.com/threads/${thread.id}`;

const ends: (() => Promise<void>)[] = [];
let amp = "";

beforeAll(async () => {
  const found = await findRealAmp();
  if (!found) throw new Error(`the real Amp cannot be had: ${whyNoRealAmp()}`);
  amp = found.path;
});

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Setup {
  env?: Record<string, string>;
  answer?: StatusAnswer;
  settings?: Record<string, unknown>;
}

async function setUp({ env = {}, answer = 200, settings = {} }: Setup = {}): Promise<{
  plugin: Plugin;
  coder: CoderApi;
}> {
  const coder = await startCoderApi({ token, taskId: "none", answer: 404, statusAnswer: answer });
  ends.push(() => coder.close());
  const plugin = await startPlugin({
    amp,
    slug: "amp",
    settings,
    env: {
      CODER_AGENT_URL: coder.url,
      CODER_AGENT_TOKEN: token,
      AMP_MODULE_STATUS_APP: "amp",
      AMP_MODULE_STATUS_PLUGIN: "amp",
      ...env,
    },
  });
  ends.push(plugin.remove);
  return { plugin, coder };
}

/** The next status, which is there once the pause between two is over. */
async function next({ statuses }: CoderApi, count: number): Promise<string> {
  await expect.poll(() => statuses.length, { timeout: 15_000 }).toBe(count);
  const { state, message } = statuses[count - 1] ?? {};
  return `${state}: ${message}`;
}

const start = (plugin: Plugin) => plugin.ask("event", { event: "session.start", data: { thread } });
const call = (plugin: Plugin, tool: string, input: object) =>
  plugin.ask("tool.call", { thread, tool, input, toolUseID: "toolu_1" });

test("a conversation from its start to its end, each moment as a status", async () => {
  const { plugin, coder } = await setUp();
  expect(await next(coder, 1)).toBe("idle: Ready for a message");

  await start(plugin);
  await plugin.ask("agent.start", { thread, message: "Do it", id: "M-1" });
  expect(await next(coder, 2)).toBe("working: Working on a message");

  expect(await call(plugin, "Bash", { cmd: "npm test" })).toEqual({ action: "allow" });
  expect(await next(coder, 3)).toBe("working: Running `npm test`");

  await call(plugin, "shell_command", { command: "git push origin main" });
  await plugin.tellState(thread.id, "awaiting-approval");
  expect(await next(coder, 4)).toBe("idle: Waiting for your approval: git push origin main");

  await plugin.tellState(thread.id, "running");
  expect(await next(coder, 5)).toBe("working: Running `git push origin main`");

  await plugin.tellState(thread.id, "idle");
  await plugin.ask("agent.end", { thread, message: "Do it", id: "M-1", status: "done", messages: [] });
  expect(await next(coder, 6)).toBe("idle: Done: waiting for a message");

  expect(await plugin.end()).toBe(0);
  expect(coder.complaints).toEqual([]);
  expect(coder.statuses.slice(1).map((status) => status.uri)).toEqual(Array(5).fill(uri));
  expect(new Set(coder.statuses.map((status) => status.app_slug))).toEqual(new Set(["amp"]));
  for (const [index, { at }] of coder.statuses.slice(1).entries())
    expect(at - (coder.statuses[index]?.at ?? 0)).toBeGreaterThanOrEqual(1_900);
});

test.each([
  ["error", "failure: Amp stopped with an error"],
  ["cancelled", "idle: Cancelled: waiting for a message"],
])("a turn that ends with %s says so, whatever the thread's state says beside it", async (status, wanted) => {
  const { plugin, coder } = await setUp();
  await start(plugin);
  await plugin.ask("agent.start", { thread, message: "x", id: "M-1" });
  await plugin.tellState(thread.id, "running");
  await plugin.tellState(thread.id, status === "error" ? "error" : "idle");
  await plugin.ask("agent.end", { thread, message: "x", id: "M-1", status, messages: [] });
  await plugin.tellState(thread.id, "idle");
  expect(await next(coder, 1)).toBe(wanted);
});

test("many events at once are few statuses, and the last one is sent", async () => {
  const { plugin, coder } = await setUp();
  await start(plugin);
  for (let count = 0; count < 60; count++) await call(plugin, "Bash", { cmd: `echo ${count}` });
  await expect.poll(() => coder.statuses.at(-1)?.message, { timeout: 15_000 }).toBe("Running `echo 59`");
  expect(coder.statuses.length).toBeLessThanOrEqual(2);
});

test("a question of Amp's waits for a person", async () => {
  const { plugin, coder } = await setUp();
  await start(plugin);
  await call(plugin, "ask_user_choice", { question: "Which?" });
  await plugin.tellState(thread.id, "running");
  expect(await next(coder, 1)).toBe("idle: Waiting for your answer to a question");
});

test("no secret is in a status: the agent's token, a key of the environment, one of an MCP server, in an address", async () => {
  const settings = { mcpServers: { docs: { command: "x", env: { WORD: "canary-mcp-91ac77" } } } };
  const { plugin, coder } = await setUp({ env: { SOME_API_KEY: "canary-key-55e0d1" }, settings });
  await start(plugin);
  const secrets = `${token} canary-key-55e0d1 canary-mcp-91ac77 https://u:canary-password@x.example/?token=canary-token`;
  await call(plugin, "Bash", { cmd: `curl ${secrets}` });
  await expect.poll(() => coder.statuses.at(-1)?.message, { timeout: 15_000 }).toMatch(/curl \[redacted\]/);
  expect(JSON.stringify(coder.statuses)).not.toMatch(/canary|4f1c92a7/);
});

test("an Amp that ends at work leaves no spinner", async () => {
  const { plugin, coder } = await setUp();
  await start(plugin);
  await plugin.ask("agent.start", { thread, message: "x", id: "M-1" });
  expect(await next(coder, 1)).toBe("working: Working on a message");
  await plugin.end();
  expect(coder.statuses.at(-1)).toMatchObject({ state: "idle", message: "Amp has ended", uri });
});

test.each([
  ["an Amp that somebody starts by hand", { AMP_MODULE_STATUS_PLUGIN: "" }],
  ["another instance's Amp", { AMP_MODULE_STATUS_PLUGIN: "amp-two" }],
  ["an Amp that a tool of Amp's has started", { AGENT: "amp" }],
  ["a workspace without a token", { CODER_AGENT_TOKEN: "" }],
  ["a workspace without Coder", { CODER_AGENT_URL: "" }],
])("%s: no call to Coder", async (_what, env) => {
  const { plugin, coder } = await setUp({ env });
  await start(plugin);
  await plugin.ask("agent.start", { thread, message: "x", id: "M-1" }).catch(() => {});
  await plugin.end();
  expect(coder.requests).toEqual([]);
});

test.each<StatusAnswer>([401, 404])("HTTP %s: asked once, told once", async (answer) => {
  const { plugin, coder } = await setUp({ answer });
  await expect.poll(() => coder.requests.length, { timeout: 10_000 }).toBe(1);
  await start(plugin);
  await plugin.ask("agent.start", { thread, message: "x", id: "M-1" });
  await plugin.end();
  expect(coder.requests).toEqual(["PATCH /api/v2/workspaceagents/me/app-status"]);
  expect(plugin.logged().match(/Coder answers HTTP/g)).toHaveLength(1);
});

test("a Coder that never answers holds up neither a tool nor the end", async () => {
  const { plugin, coder } = await setUp({ answer: "never" });
  await start(plugin);
  expect(await call(plugin, "Bash", { cmd: "ls" })).toEqual({ action: "allow" });
  await expect.poll(() => coder.requests.length, { timeout: 10_000 }).toBe(1);
  expect(await plugin.end()).toBe(0);
});
