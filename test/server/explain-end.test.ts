import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { explainEnd } from "../../src/server/explain-end.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";
import { startCoderApi } from "../support/coder-api.ts";

let context: ExampleContext;
beforeEach(() => {
  context = exampleContext();
});
afterEach(() => rmSync(context.paths.home, { recursive: true, force: true }));

const stack = "github.com/coder/agentapi/cmd/server.runServer\n    /home/runner/work/server.go:291\n".repeat(
  20,
);
const restart =
  "2026-09-23T10:00:00.000Z WARN  AgentAPI or Amp ended unexpectedly (exit code 1): starting again in 8 s.\n";
const givingUp = "2026-09-23T10:10:00.000Z ERROR AgentAPI or Amp ended 15 times: giving up.\n";

/** The last lines of a log whose last run wrote `output`, without their times. */
async function explained(output: string, exitCode = 1, before = ""): Promise<string[]> {
  writeFileSync(context.paths.startLog, before + restart + output + givingUp);
  await explainEnd(context, exitCode);
  const lines = readFileSync(context.paths.startLog, "utf8").trimEnd().split("\n").slice(-2);
  return lines.map((line) => line.replace(/^\S+Z /, ""));
}

test.each([
  [
    "Error: Couldn't connect to the Amp server. Are you offline?",
    /cannot connect to the Amp server/,
    /proxy/,
  ],
  ["Error: Invalid API key", /does not accept the API key/, /amp_api_key/],
  [
    "panic: runtime error: index out of range\n\ngoroutine 1 [running]:",
    /AgentAPI has crashed/,
    /agentapi_version/,
  ],
  ["panic(main thread): Segmentation fault at address 0x8", /Amp has crashed/, /amp_version/],
])("%j behind a stack is named as a start names it, with what to do", async (words, cause, fix) => {
  const [what, how] = await explained(`${words}\n${stack}`);
  expect(what).toMatch(/^ERROR The cause of the last end: /);
  expect(what).toMatch(cause);
  expect(how).toMatch(/^ERROR To fix it: .*amp-module start/);
  expect(how).toMatch(fix);
});

test("only the last run counts, whatever earlier ones said", async () => {
  const before = `${restart}Error: Couldn't connect to the Amp server\n`;
  expect((await explained("Error: Invalid API key\n", 1, before))[0]).toMatch(/API key/);
});

test("who was killed without a word was killed from outside", async () => {
  expect((await explained("level=INFO msg=up\n", 137))[0]).toMatch(/killed from outside/);
});

test("for an unknown cause there is only what to do, and no invented one", async () => {
  const [before, how] = await explained("level=INFO msg=up\n");
  expect(before).toMatch(/giving up/);
  expect(how).toMatch(/^ERROR To fix it: Read the lines above.*amp-module start/);
});

test("the dashboard is told, too", async () => {
  const coder = await startCoderApi({ token: "agent-token-4f1c92a7", taskId: "none", answer: 404 });
  Object.assign(context.env, { CODER_AGENT_URL: coder.url, CODER_AGENT_TOKEN: "agent-token-4f1c92a7" });
  await explained("Error: Invalid API key\n");
  expect(coder.statuses).toMatchObject([
    { state: "failure", message: expect.stringMatching(/^Amp ended again and again: .*API key/) },
  ]);
  await coder.close();
});
