import { afterEach, expect, test } from "vitest";
import { createRedact } from "../../src/base/redact.ts";
import { statusClient } from "../../src/status/client.ts";
import { type CoderApi, type StatusAnswer, startCoderApi } from "../support/coder-api.ts";

const token = "agent-token-4f1c92a7";
let coder: CoderApi | undefined;

afterEach(() => coder?.close());

async function setUp(statusAnswer: StatusAnswer = 200, env: Record<string, string> = {}) {
  coder = await startCoderApi({ token, taskId: "none", answer: 404, statusAnswer });
  const lines: string[] = [];
  const given = { CODER_AGENT_URL: coder.url, CODER_AGENT_TOKEN: token, ...env };
  const log = (line: string) => void lines.push(line);
  const send = statusClient({ app: "amp", env: given, redact: createRedact(given), log });
  const report = (message = "Running `ls`", signal = new AbortController().signal) =>
    send?.({ state: "working", message, uri: "https://ampcode.com/threads/T-1" }, signal);
  return { coder, lines, report, send };
}

test("a status as Coder takes it", async () => {
  const { coder, report, lines } = await setUp();
  await report();
  expect(coder.statuses).toMatchObject([
    {
      app_slug: "amp",
      state: "working",
      message: "Running `ls`",
      uri: "https://ampcode.com/threads/T-1",
    },
  ]);
  expect([...coder.complaints, ...lines]).toEqual([]);
});

test("the message is masked before it is cut: no part of a secret is left at its end", async () => {
  const secret = "canary-secret-0123456789";
  const { coder, report } = await setUp(200, { SOME_SECRET: secret });
  await report(`${"x".repeat(150)} ${secret}`);
  expect(coder.statuses[0]?.message).not.toMatch(/canary/);
  expect(coder.complaints).toEqual([]);
});

test.each<StatusAnswer>([401, 404])("HTTP %s is asked once and logged once", async (answer) => {
  const { coder, report, lines } = await setUp(answer);
  for (let count = 0; count < 3; count++) await report(`${count}`);
  expect(coder.requests).toHaveLength(1);
  expect(lines).toEqual([
    `Status: Coder answers HTTP ${answer}, so the dashboard may not show what Amp does.`,
  ]);
});

test("a Coder that fails now may take the next one; it is logged once", async () => {
  const { coder, report, lines } = await setUp(500);
  for (let count = 0; count < 3; count++) await report(`${count}`);
  expect(coder.requests).toHaveLength(3);
  expect(lines).toHaveLength(1);
});

test("nobody listens: no error, one line, no token in it", async () => {
  const { report, lines } = await setUp(200, { CODER_AGENT_URL: "http://127.0.0.1:9/" });
  await report();
  await report("again");
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain(token);
});

test("a report that is given up is no line in the log", async () => {
  const { report, lines } = await setUp("never");
  const stop = new AbortController();
  const done = report("x", stop.signal);
  stop.abort();
  await done;
  expect(lines).toEqual([]);
});

test.each([
  { CODER_AGENT_TOKEN: "" },
  { CODER_AGENT_URL: "" },
  { CODER_AGENT_URL: "no address" },
])("%o: nobody is asked", async (env) => {
  expect((await setUp(200, env)).send).toBeUndefined();
});

test("without an app nobody is asked", () => {
  const env = { CODER_AGENT_URL: "http://127.0.0.1:9/", CODER_AGENT_TOKEN: token };
  expect(statusClient({ app: "", env, redact: (text) => text, log: () => {} })).toBeUndefined();
});
