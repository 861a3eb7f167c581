import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identifyProcess } from "../../src/base/process-identity.ts";
import { gatherStatus, type Status } from "../../src/operate/status.ts";
import { duration, longStatus, shortStatus } from "../../src/operate/status-text.ts";
import { painter } from "../../src/operate/style.ts";
import { writeServerRecord } from "../../src/server/record.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";
import { type FakeAgentApi, startFakeAgentApi } from "../start/fake-agentapi.ts";
import { freePort } from "../support/free-port.ts";

const thread = "T-0199c0de-0000-4000-8000-000000000001";
const ends: (() => unknown)[] = [];
let context: ExampleContext;
let agentapi: FakeAgentApi;

/** A workspace where Amp waits for a message. */
beforeEach(async () => {
  agentapi = await startFakeAgentApi();
  ends.push(() => agentapi.close());
  agentapi.status("stable");
  agentapi.screen(box(""));
  context = exampleContext({ agentapi_port: Number(new URL(agentapi.client.baseUrl).port) });
  const { paths } = context;
  write(join(paths.home, ".amp/bin/amp"), "#!/bin/sh\nexit 1\n");
  chmodSync(join(paths.home, ".amp/bin/amp"), 0o755);
  write(paths.thread, JSON.stringify({ threadId: thread }));
  write(paths.delivery, JSON.stringify({ prompt: "x", thread, state: "delivered", how: "chat" }));
  await runServer();
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  rmSync(context.paths.home, { recursive: true, force: true });
});

function box(activity: string): string {
  const foot = activity === "" ? "╰" : `╰ ∼ ${activity} `;
  return `┃ Hello\n╭──────────────── medium ─╮\n│                         │\n${foot}──── ~/project ─╯`;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** A process that looks like AgentAPI, on record. */
async function runServer(isReady = true): Promise<number> {
  const args = ["-e", "setInterval(() => {}, 1000)", "/opt/agentapi", "server", "--"];
  const child = spawn(process.execPath, args);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  ends.push(() => {
    child.kill("SIGKILL");
    return ended;
  });
  await new Promise((resolve) => child.once("spawn", resolve));
  const identity = identifyProcess(child.pid ?? 0);
  if (!identity) throw new Error("the process is gone");
  const rest = { port: context.config.agentapi_port, configuration: "c", isReady };
  writeServerRecord(context.paths.running, { ...identity, ...rest });
  return identity.pid;
}

const long = (status: Status) => longStatus(status, context.paths.home, painter({}, {}));

test("all of it, where Amp waits for a message", async () => {
  const status = await gatherStatus(context);
  expect(status).toMatchObject({
    isHealthy: true,
    state: "ready",
    fix: null,
    amp: { version: null, path: `${context.paths.home}/.amp/bin/amp`, from: "official installer" },
    agentapi: null,
    thread: { id: thread, url: `https://ampcode.com/threads/${thread}` },
    server: { pid: expect.any(Number), port: context.config.agentapi_port, transport: "terminal" },
    delivery: { state: "delivered", how: "chat" },
    lastError: null,
  });
  expect(status.apps.map(({ slug }) => slug)).toEqual(["amp"]);
  expect(shortStatus(status)).toMatch(/^ready, up \d/);
  const text = long(status);
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  for (const part of ["● Amp is ready", thread, "delivered through the chat", "~/.amp-module/install.log"])
    expect(text).toContain(part);
});

test("AMP_URL is where the thread's address leads", async () => {
  context.env["AMP_URL"] = "https://amp.example.com/";
  expect((await gatherStatus(context)).thread?.url).toBe(`https://amp.example.com/threads/${thread}`);
});

const DIALOG = "╭──────────────╮\n│ Run this?    │\n╰ Enter select · Esc deny ╯";

test.each<[string, () => unknown, Partial<Status>, RegExp]>([
  [
    "at work",
    () => {
      agentapi.status("running");
      agentapi.screen(box("Streaming"));
    },
    { isHealthy: true, state: "working", summary: "Amp is at work (Streaming)." },
    /^at work: Streaming, up /,
  ],
  [
    "a question on the screen",
    () => agentapi.screen(`${DIALOG}\n${box("")}`),
    { isHealthy: true, state: "asking" },
    /^asks a question in the terminal/,
  ],
  [
    "no server",
    async () => {
      rmSync(context.paths.running);
      context.config.agentapi_port = await freePort();
    },
    { isHealthy: false, state: "stopped" },
    /^AgentAPI does not run/,
  ],
  [
    "a server that is gone",
    async () => {
      for (const end of ends.splice(1)) await end();
    },
    { isHealthy: false, state: "ended" },
    /^AgentAPI has ended/,
  ],
  [
    "somebody else on the port",
    () => rmSync(context.paths.running),
    { isHealthy: false, state: "port-taken" },
    /^Port \d+ is taken by pid \d+/,
  ],
  [
    "nothing that listens behind the process",
    () => agentapi.close(),
    { isHealthy: false, state: "restarting" },
    /supervisor starts it again/,
  ],
  [
    "a start at work",
    async () => {
      await runServer(false);
      write(context.paths.lock, JSON.stringify(identifyProcess(process.pid)));
    },
    { isHealthy: false, state: "starting" },
    /^starting$/,
  ],
  [
    "an install at work",
    () => {
      rmSync(context.paths.running);
      write(context.paths.lock, JSON.stringify(identifyProcess(process.pid)));
    },
    { isHealthy: false, state: "starting" },
    /^starting$/,
  ],
  [
    "no AgentAPI wanted",
    () => {
      context.config.enable_agentapi = false;
    },
    { isHealthy: true, state: "none-wanted", server: null },
    /^installed$/,
  ],
  [
    "no Amp",
    () => rmSync(join(context.paths.home, ".amp"), { recursive: true }),
    { isHealthy: false, summary: "Amp is not installed." },
    /./,
  ],
])("%s", async (_, arrange, expected, short) => {
  await arrange();
  const status = await gatherStatus(context);
  expect(status).toMatchObject(expected);
  if (!status.isHealthy) expect(status.fix).toMatch(/amp-module/);
  expect(shortStatus(status)).toMatch(short);
  expect(shortStatus(status)).not.toContain("\n");
});

test("a stopped process hangs, and is not waited for", async () => {
  process.kill(await runServer(), "SIGSTOP");
  await expect.poll(async () => (await gatherStatus(context)).state).toBe("hung");
  expect(agentapi.subscriptions).toBe(0);
});

test("a server that accepts and never answers hangs", async () => {
  agentapi.isSilent = true;
  expect(await gatherStatus(context)).toMatchObject({
    isHealthy: false,
    state: "hung",
    fix: expect.stringContaining("amp-module stop"),
  });
});

test("while a message is on its way only the events answer", async () => {
  agentapi.holdsStatus = true;
  expect(await gatherStatus(context)).toMatchObject({ isHealthy: true, state: "ready" });
});

test("a failed start is the reason, with its fix; what AgentAPI wrote since does not hide it", async () => {
  rmSync(context.paths.running);
  context.config.agentapi_port = await freePort();
  const noise = 'time=2026-09-23T10:00:02.000Z level=INFO msg="Created something"\n'.repeat(2000);
  write(
    context.paths.startLog,
    "2026-09-23T10:00:00.000Z INFO  Command: x\n2026-09-23T10:00:01.000Z ERROR Amp has no \u001b[31mAPI key.\n" +
      `2026-09-23T10:00:01.000Z ERROR To fix it: Set amp_api_key.\n${noise}`,
  );
  const status = await gatherStatus(context);
  expect(status).toMatchObject({
    state: "stopped",
    summary: "AgentAPI does not run: Amp has no API key.",
    fix: "Set amp_api_key.",
    lastError: { log: "agentapi-start.log", time: "2026-09-23T10:00:01.000Z", fix: "Set amp_api_key." },
  });
  expect(shortStatus(status)).toBe("AgentAPI does not run: Amp has no API key");
});

test("of a failure that shows the agent's screen the cause is told, not the screen's last line", async () => {
  rmSync(context.paths.running);
  context.config.agentapi_port = await freePort();
  const error = (text: string) => `2026-09-23T10:00:01.000Z ERROR ${text}\n`;
  const lines = ["Amp has ended. The agent's last screen:", "  Goodbye", "  $", "To fix it: Look."];
  write(context.paths.startLog, lines.map(error).join(""));
  const { summary, fix } = await gatherStatus(context);
  expect({ summary, fix }).toEqual({ summary: "AgentAPI does not run: Amp has ended.", fix: "Look." });
});

test.each([
  [0, "0 s"],
  [59, "59 s"],
  [61, "1 min 1 s"],
  [3600, "1 h"],
  [90_000, "1 d 1 h"],
])("%i s is %s", (seconds, text) => expect(duration(seconds)).toBe(text));

test.each([
  [{ web_app: false, cli_app: true }, ["amp-cli"]],
  [{ web_app: false, task_id: "3f9a6a4e" }, ["amp"]],
  [{ web_app: true, cli_app: true, enable_agentapi: false }, ["amp-cli"]],
  [{ web_app: false }, []],
])("the apps are those that the template shows: %o", async (config, slugs) => {
  const status = await gatherStatus({ ...context, config: { ...context.config, ...config } });
  expect(status.apps.map(({ slug }) => slug)).toEqual(slugs);
  if (slugs.length === 0) expect(long(status)).toMatch(/Apps +none/);
});
