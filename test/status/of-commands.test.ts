import { readFileSync, rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Context } from "../../src/context.ts";
import { CommandStatus } from "../../src/status/of-commands.ts";
import { stop } from "../../src/stop/stop.ts";
import { exampleContext } from "../start/example.ts";
import { type CoderApi, type StatusAnswer, startCoderApi } from "../support/coder-api.ts";

const token = "agent-token-4f1c92a7";
const thread = "T-0199c0de-1234-7abc-8def-0123456789ab";
let coder: CoderApi;
let homes: string[] = [];

beforeEach(() => {
  homes = [];
});

afterEach(async () => {
  vi.useRealTimers();
  for (const home of homes) rmSync(home, { recursive: true, force: true });
  await coder?.close();
});

async function setUp(config: Parameters<typeof exampleContext>[0] = {}, statusAnswer: StatusAnswer = 200) {
  coder = await startCoderApi({ token, taskId: "none", answer: 404, statusAnswer });
  const context = exampleContext(config, { CODER_AGENT_URL: coder.url, CODER_AGENT_TOKEN: token });
  homes.push(context.paths.home);
  return { context, status: new CommandStatus(context, thread, () => {}) };
}

const words = () => coder.statuses.map(({ state, message }) => `${state}: ${message}`);

test("an install that is over at once makes no call", async () => {
  const { context, status } = await setUp();
  status.installing(context);
  status.installed();
  await status.finish();
  expect(coder.requests).toEqual([]);
});

test("a download's progress is reported, and ends without a spinner", async () => {
  const { context, status } = await setUp();
  const log = status.installing<Context>(context).openLog(context.paths.installLog, { rotate: true });
  log.tell("AgentAPI: 40 %, 12.0 MiB at 3.0 MiB/s", "…");
  await expect.poll(words).toEqual(["working: Installing AgentAPI: 40 %, 12.0 MiB at 3.0 MiB/s"]);
  log.tell("AgentAPI 0.12.1 in /x (8.0 s)");
  log.close();
  status.installed();
  await status.finish();
  expect(words().at(-1)).toBe("idle: Amp is installed");
  expect(coder.complaints).toEqual([]);
  expect(readFileSync(context.paths.installLog, "utf8")).toMatch(/40 %[\s\S]*AgentAPI 0\.12\.1/);
});

test("an install that takes its time is reported without any progress, too", async () => {
  const { context, status } = await setUp();
  status.installing(context);
  await expect.poll(words, { timeout: 10_000 }).toEqual(["working: Installing Amp"]);
  status.installed();
  await status.finish();
});

test("a failure is reported with its first line and the thread, masked", async () => {
  const { status } = await setUp();
  status.failed(new Error(`Amp refuses the key ${token}.\nmore`));
  await status.finish();
  expect(coder.statuses).toMatchObject([
    {
      state: "failure",
      message: "Amp refuses the key [redacted].",
      uri: `https://ampcode.com/threads/${thread}`,
    },
  ]);
});

test.each(["coder-mcp", "off"] as const)("status_reports = %s: the module reports nothing", async (kind) => {
  const { status } = await setUp({ status_reports: kind });
  status.failed(new Error("x"));
  status.stopped();
  await status.finish();
  expect(coder.requests).toEqual([]);
});

test("a stop ends the spinner, also if nothing ran any more", async () => {
  const { context } = await setUp();
  const log = context.openLog(context.paths.stopLog, { rotate: true });
  await stop(context, log);
  log.close();
  expect(words()).toEqual(["idle: Stopped: the conversation continues at the next start"]);
});

test("a Coder that never answers holds up the end of a command for a bounded time only", async () => {
  const { status } = await setUp({}, "never");
  status.stopped();
  await status.finish();
  expect(coder.statuses).toEqual([]);
});
