import { once } from "node:events";
import { rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, onTestFinished, test } from "vitest";
import type { AgentApiClient } from "../../src/agentapi/client.ts";
import { createAgentApiClient } from "../../src/agentapi/client.ts";
import type { Config } from "../../src/config.ts";
import { postSnapshot } from "../../src/conversation/snapshot.ts";
import { exampleContext } from "../start/example.ts";
import { type CoderApi, type SnapshotAnswer, startCoderApi } from "../support/coder-api.ts";

let coder: CoderApi | undefined;
const homes: string[] = [];
afterEach(async () => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
  await coder?.close();
});

const token = "agent-token-of-this-test";
const messages = [{ id: 0, role: "agent" as const, content: "Done 😀", time: "2026-09-23T10:00:00Z" }];

/** An AgentAPI that knows its conversation, and nothing else. */
const knowing = (answer: AgentApiClient["messages"]): AgentApiClient => ({
  ...createAgentApiClient({ baseUrl: "http://127.0.0.1:9" }),
  messages: answer,
});

async function post(
  options: {
    answer?: SnapshotAnswer;
    config?: Partial<Config>;
    client?: AgentApiClient;
    token?: string;
    env?: NodeJS.ProcessEnv;
  } = {},
) {
  coder = await startCoderApi({ token, taskId: "task-1", answer: options.answer ?? 204 });
  const context = exampleContext(
    { task_id: "task-1", ...options.config },
    { CODER_AGENT_URL: coder.url, CODER_AGENT_TOKEN: options.token ?? token, ...options.env },
  );
  homes.push(context.paths.home);
  const log = context.openLog(context.paths.stopLog, { rotate: true });
  await postSnapshot(context, options.client ?? knowing(async () => messages), log);
  log.close();
  return { coder, log: await readFile(context.paths.stopLog, "utf8") };
}

test("the body is what AgentAPI's own /messages answers", async () => {
  const { coder, log } = await post();
  expect(coder.complaints).toEqual([]);
  expect(coder.snapshots.map((body) => JSON.parse(body))).toEqual([{ messages }]);
  expect(log).toMatch(/INFO {2}Snapshot: \d+ bytes are with Coder\.\n$/);
});

test.each([
  [404, /INFO {2}Snapshot: this Coder release takes none\.\n$/],
  [500, /WARN {2}Snapshot: Coder answers HTTP 500, so the stopped Task shows no messages\.\n$/],
  ["never", /WARN {2}Snapshot: .*timeout.*, so the stopped Task shows no messages\.\n$/],
] as const)("a Coder that answers %s is a line in the log, and the stop does not wait for it", async (answer, line) => {
  const { coder, log } = await post({ answer });
  expect(log).toMatch(line);
  expect(coder.requests.length).toBe(1);
  expect(coder.complaints).toEqual([]);
});

test("it goes through the environment's proxy", async () => {
  const asked: string[] = [];
  const proxy = createServer(({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    response.writeHead(204).end();
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void proxy.close());
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo;
  const { coder, log } = await post({ env: { HTTP_PROXY: `http://127.0.0.1:${port}` } });
  expect(asked).toEqual([expect.stringMatching(`^POST ${coder.url}api/v2/.*log-snapshot`)]);
  expect(coder.requests).toEqual([]);
  expect(log).toMatch(/bytes are with Coder/);
});

test("a token that Coder refuses is a warning without the token", async () => {
  const { log } = await post({ token: "another-token-entirely" });
  expect(log).toMatch(/WARN {2}Snapshot: Coder answers HTTP 401/);
  expect(log).not.toContain("another-token");
});

test("an AgentAPI that fails is a warning; Coder is not asked", async () => {
  const { log, coder } = await post({
    client: createAgentApiClient({ baseUrl: "http://127.0.0.1:9", timeoutMs: 500 }),
  });
  expect(log).toMatch(/WARN {2}Snapshot: /);
  expect(coder.requests).toEqual([]);
});

test.each([
  ["outside of a Task", { config: { task_id: "" } }],
  ["with task_log_snapshot = false", { config: { task_log_snapshot: false } }],
  ["with no message", { client: knowing(async () => []) }],
])("%s Coder is not asked", async (_, options) => {
  expect((await post(options)).coder.requests).toEqual([]);
});
