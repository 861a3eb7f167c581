import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identifyProcess } from "../../src/base/process-identity.ts";
import { attach } from "../../src/chat/attach.ts";
import { findServer } from "../../src/chat/server.ts";
import { AGENT_CHECKS } from "../../src/operate/doctor/agent.ts";
import type { Finding, System } from "../../src/operate/doctor/check.ts";
import { logFile } from "../../src/operate/logs/files.ts";
import { gatherStatus } from "../../src/operate/status.ts";
import { longStatus, shortStatus } from "../../src/operate/status-text.ts";
import { painter } from "../../src/operate/style.ts";
import { writeServerRecord } from "../../src/server/record.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";

const TITLE = "AMP RUNNER\nproject · dev\n";
const REGISTERED = "00:24:16 Registered. Create threads on https://ampcode.com and they will run here.\n";
const CUT_OFF = "00:25:02 Connection interrupted since 00:24:58; retrying (attempt 3). Details in /log\n";

const ends: (() => unknown)[] = [];
let context: ExampleContext;

beforeEach(() => {
  context = exampleContext({ transport: "runner", enable_agentapi: false, cli_app: true });
  const { home } = context.paths;
  ends.push(() => rmSync(home, { recursive: true, force: true }));
  write(join(home, ".amp/bin/amp"), "#!/bin/sh\nexit 1\n");
  chmodSync(join(home, ".amp/bin/amp"), 0o755);
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** A process that looks like a runner, on record, and what it has printed. */
async function runRunner(printed: string): Promise<number> {
  write(context.paths.startLog, printed);
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "--", "--no-tui"]);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  ends.push(() => {
    child.kill("SIGKILL");
    return ended;
  });
  await new Promise((resolve) => child.once("spawn", resolve));
  const identity = identifyProcess(child.pid ?? 0);
  if (!identity) throw new Error("the process is gone");
  const rest = { port: context.config.agentapi_port, configuration: "c", isReady: true };
  writeServerRecord(context.paths.running, { ...identity, ...rest });
  return identity.pid;
}

/** What doctor says of the server. */
async function examined(): Promise<Finding> {
  const check = AGENT_CHECKS.find(({ name }) => name === "AgentAPI server");
  const found = await check?.look({ ...context, system: {} as System });
  return [found ?? []].flat()[0] as Finding;
}

test("status and doctor: a runner that Amp's site knows is well", async () => {
  const pid = await runRunner(TITLE + REGISTERED);
  const status = await gatherStatus(context);
  expect(status).toMatchObject({
    isHealthy: true,
    state: "serving",
    summary: "Amp is a runner: begin threads on https://ampcode.com.",
    server: { pid, port: null, transport: "runner", activity: null },
    agentapi: null,
    apps: [{ slug: "amp-cli", what: "what the runner logs, in a terminal" }],
  });
  expect(status.logs.at(-1)).toMatch(/no-tui\.log$/);
  expect(logFile("amp", context.paths, context.env, false, true)).toBe(status.logs.at(-1));
  expect(shortStatus(status)).toMatch(/^runner, up \d/);
  const long = longStatus(status, context.paths.home, painter({}, {}));
  expect(long).toMatch(/AgentAPI +not wanted/);
  expect(long).not.toMatch(/^ +(Thread|Prompt) |, port /m);
  expect(await examined()).toMatchObject({
    state: "ok",
    text: `Amp's runner (pid ${pid}) serves threads that are begun on https://ampcode.com`,
  });
});

test("status and doctor: one without a connection says so", async () => {
  await runRunner(TITLE + REGISTERED + CUT_OFF);
  const status = await gatherStatus(context);
  expect(status.summary).toBe("Amp runs as a runner, not connected to Amp's site.");
  expect(status.fix).toMatch(/websockets/);
  expect(shortStatus(status)).toMatch(/^runner, not connected to Amp's site, up /);
  expect(await examined()).toMatchObject({ state: "wrong", fix: expect.stringMatching(/websockets/) });
});

test("status and doctor: one that hangs, one that has ended, and none", async () => {
  const pid = await runRunner(TITLE + REGISTERED);
  process.kill(pid, "SIGSTOP");
  await expect.poll(async () => (await gatherStatus(context)).summary).toMatch(/^Amp's runner hangs/);
  expect(await examined()).toMatchObject({
    state: "wrong",
    text: expect.stringMatching(/stopped by a signal/),
  });
  process.kill(pid, "SIGKILL");
  await expect.poll(async () => (await gatherStatus(context)).summary).toMatch(/^Amp's runner has ended/);
  rmSync(context.paths.running);
  // Whoever is on the port is no matter of a runner's.
  expect((await gatherStatus(context)).summary).toBe(
    "Amp's runner does not run: it was stopped, or never started.",
  );
  expect(await examined()).toMatchObject({ state: "wrong", text: "Amp's runner does not run" });
});

test("chat, cancel, approvals and attach say where the conversation is", async () => {
  context.env["AMP_URL"] = "https://amp.example.com/";
  const elsewhere = {
    message: expect.stringContaining("the conversations of this workspace are on Amp's site"),
    fix: expect.stringContaining("https://amp.example.com;"),
  };
  await expect(findServer(context)).rejects.toMatchObject(elsewhere);
  await expect(attach(context)).rejects.toMatchObject(elsewhere);
});
