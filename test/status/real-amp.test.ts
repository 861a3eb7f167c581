import { afterEach, expect, test } from "vitest";
import { type AmpServer, startAmpServer } from "../support/amp-server.ts";
import { awkwardPrompt } from "../support/awkward-prompt.ts";
import { type CoderApi, startCoderApi } from "../support/coder-api.ts";
import {
  createWorkspace,
  testAgentToken,
  testApiKey,
  type Workspace,
  type WorkspaceOptions,
} from "../support/workspace.ts";

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** The real Amp behind its stand-in server, with a Coder on loopback. */
async function setUp(options: WorkspaceOptions = {}): Promise<{
  ws: Workspace;
  server: AmpServer;
  coder: CoderApi;
}> {
  const coder = await startCoderApi({ token: testAgentToken, taskId: "none", answer: 404 });
  ends.push(() => coder.close());
  const server = await startAmpServer();
  server.turn = { tools: [], ends: "done" };
  ends.push(() => server.close());
  const ws = await createWorkspace({
    ampServer: server,
    ...options,
    env: { CODER_AGENT_URL: coder.url, ...options.env },
    variables: { install_amp: false, ...options.variables },
  });
  ends.push(() => ws.dispose());
  return { ws, server, coder };
}

async function started(ws: Workspace): Promise<void> {
  const { exitCode, stderr } = await ws.start();
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
}

const words = ({ statuses }: CoderApi) => statuses.map(({ state, message }) => `${state}: ${message}`);
const last = (coder: CoderApi) => words(coder).at(-1);

function expectCalm({ statuses, complaints }: CoderApi): void {
  expect(complaints).toEqual([]);
  const gaps = statuses.slice(1).map(({ at }, index) => at - (statuses[index]?.at ?? 0));
  expect(gaps.filter((gap) => gap < 1_900)).toEqual([]);
}

test("a Task's life: ready, at work with its tool, done, stopped; the prompt arrives as it was given", async () => {
  const { ws, server, coder } = await setUp({ variables: { ai_prompt: awkwardPrompt, install_amp: false } });
  server.turn = {
    tools: [{ name: "shell_command", args: { command: "sleep 3; env | grep -c ^AGENT=amp" } }],
    ends: "done",
  };
  await started(ws);
  await expect.poll(() => last(coder), { timeout: 30_000 }).toBe("idle: Done: waiting for a message");
  expect((await ws.prompts()).map(({ text }) => text)).toEqual([awkwardPrompt.trim()]);
  expect(words(coder)).toContain("working: Running `sleep 3; env | grep -c ^AGENT=amp`");
  const [thread] = server.threads.keys();
  expect(coder.statuses.at(-1)?.uri).toBe(`${server.url}/threads/${thread}`);

  // The stop's own word comes from another process, at once.
  expectCalm(coder);
  const { exitCode } = await ws.stop();
  expect(exitCode).toBe(0);
  expect(coder.statuses.at(-1)).toMatchObject({
    app_slug: "amp",
    state: "idle",
    message: "Stopped: the conversation continues at the next start",
    uri: `${server.url}/threads/${thread}`,
  });
}, 120_000);

test("a rule that asks: the dashboard says that Amp waits for a person, and for what", async () => {
  const rules = [{ tool: "shell_command", matches: { command: "git push*" }, action: "ask" }];
  const { ws, server, coder } = await setUp({
    variables: { base_amp_config: JSON.stringify({ "amp.permissions": rules }) },
  });
  server.turn = {
    tools: [{ name: "shell_command", args: { command: "git push origin main" } }],
    ends: "done",
  };
  await started(ws);
  await ws.client.sendMessage({ type: "user", content: "push it" }).catch(() => {});
  await expect
    .poll(() => last(coder), { timeout: 30_000 })
    .toBe("idle: Waiting for your approval: git push origin main");
  // Amp's dialog: once.
  await ws.client.sendMessage({ type: "raw", content: "\r" });
  await expect.poll(() => last(coder), { timeout: 30_000 }).toBe("idle: Done: waiting for a message");
  expectCalm(coder);
}, 120_000);

test("a turn that fails, one that is cancelled; a command's secrets are in no status", async () => {
  const { ws, server, coder } = await setUp({ env: { SOME_API_KEY: "canary-key-55e0d1" } });
  const command = `sleep 3; echo ${testAgentToken} ${testApiKey} canary-key-55e0d1`;
  server.turn = { tools: [{ name: "shell_command", args: { command } }], ends: "error" };
  await started(ws);
  await ws.client.sendMessage({ type: "user", content: "one" }).catch(() => {});
  await expect.poll(() => last(coder), { timeout: 30_000 }).toBe("failure: Amp stopped with an error");
  expect(words(coder)).toContain("working: Running `sleep 3; echo [redacted] [redacted] [redacted]`");

  server.turn = { tools: [], ends: "cancelled" };
  await expect.poll(() => ws.client.status(), { timeout: 30_000 }).toMatchObject({ status: "stable" });
  await ws.client.sendMessage({ type: "user", content: "two" }).catch(() => {});
  await expect.poll(() => last(coder), { timeout: 30_000 }).toBe("idle: Cancelled: waiting for a message");
  const seen = JSON.stringify(coder.statuses);
  for (const secret of [testAgentToken, testApiKey, "canary"]) expect(seen).not.toContain(secret);
  expectCalm(coder);
}, 120_000);

test('status_reports = "off": no plugin, no call to Coder', async () => {
  const { ws, coder } = await setUp({ variables: { status_reports: "off", ai_prompt: "Go" } });
  await started(ws);
  await ws.stop();
  expect(coder.requests).toEqual([]);
}, 120_000);
