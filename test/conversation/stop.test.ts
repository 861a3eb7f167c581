import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { findAgentApi, standInAgentApi } from "../support/agentapi.ts";
import { findRealAmp } from "../support/amp.ts";
import { type AmpServer, startAmpServer } from "../support/amp-server.ts";
import { type CoderApi, type SnapshotAnswer, startCoderApi } from "../support/coder-api.ts";
import { testAgentToken, type Workspace, type WorkspaceOptions } from "../support/workspace.ts";
import {
  answered,
  conversation,
  kill,
  serverPid,
  started,
  stateFile,
  supervisorPid,
  workspaces,
} from "./workspace.ts";

const { create, dispose } = workspaces();
let coder: CoderApi | undefined;
afterEach(async () => {
  await dispose();
  await coder?.close();
});

/** Whatever happens: a stop that takes longer is ended, and fails its test. */
const inTime = { timeoutMs: 20_000 };
const task = { id: "6f1c0f2e-2f6a-4c7e-9d8f-0a1b2c3d4e5f", prompt: "Count the files 😀" };

async function startTask(answer: SnapshotAnswer, options: WorkspaceOptions = {}) {
  coder = await startCoderApi({ token: testAgentToken, taskId: task.id, answer });
  const ws = await create({ task, ...options, env: { CODER_AGENT_URL: coder.url } });
  return { ws: await started(ws), coder };
}

test("a stop gives Coder the conversation, and the log says so", async () => {
  const { ws, coder } = await startTask(204);
  await answered(ws, task.prompt);
  const before = await conversation(ws);
  const stop = await ws.stop();
  expect(stop.exitCode, stop.stderr).toBe(0);
  expect(coder.complaints).toEqual([]);
  expect(coder.snapshots.length).toBe(1);
  const { messages } = JSON.parse(coder.snapshots[0] ?? "") as {
    messages: { role: string; content: string }[];
  };
  expect(messages.map(({ role, content }) => `${role}: ${content.trim()}`)).toEqual(before);
  const log = await ws.log("stop");
  expect(log).toMatch(/INFO {2}Snapshot: \d+ bytes are with Coder\./);
  expect(log).toMatch(/AgentAPI and the agent ended after \d\.\d s\.\n(\S+ INFO {2}Status: .*\n)?$/);
  expect(await ws.processes()).toEqual([]);
});

test("an AgentAPI that hears nothing any more is killed, within the bound", async () => {
  const folder = await mkdtemp(join(tmpdir(), "amp-module-deaf-"));
  await writeFile(
    join(folder, "deaf.mjs"),
    "const { emit } = process; process.emit = (name, ...rest) => name === 'SIGTERM' || emit.call(process, name, ...rest);",
  );
  const deaf = `exec '${process.execPath}' --import '${folder}/deaf.mjs' '${standInAgentApi}' "$@"`;
  await writeFile(join(folder, "agentapi"), `#!/bin/sh\n${deaf}\n`, { mode: 0o700 });
  const { ws } = await startTask("never", { path: [folder] });
  const stop = await ws.stop(inTime);
  expect(stop.exitCode, stop.stderr).toBe(0);
  expect(await ws.log("stop")).toMatch(
    /WARN {2}AgentAPI, the agent or what it had started did not end by itself and was killed/,
  );
  expect(await ws.processes()).toEqual([]);
  await rm(folder, { recursive: true });
}, 60_000);

test("an AgentAPI that is stopped is woken, saves the conversation and ends", async () => {
  const { ws } = await startTask("never");
  await answered(ws, task.prompt);
  process.kill(await serverPid(ws), "SIGSTOP");
  const stop = await ws.stop();
  expect(stop.exitCode, stop.stderr).toBe(0);
  expect(await ws.log("stop")).toMatch(/AgentAPI and the agent ended after/);
  expect(await stateFile(ws, "agentapi-state.json")).toContain(`Echo: ${task.prompt}`);
  expect(await ws.processes()).toEqual([]);
}, 60_000);

test("without its supervisor, and without any record of it, our AgentAPI is ended and saves, too", async () => {
  const { ws } = await startTask(204);
  await answered(ws, task.prompt);
  kill(await supervisorPid(ws), "SIGKILL");
  expect((await ws.stop()).exitCode).toBe(0);
  expect(await stateFile(ws, "agentapi-state.json")).toContain(`Echo: ${task.prompt}`);
  expect(await ws.processes()).toEqual([]);

  await started(ws);
  await rm(join(ws.moduleDir, "state"), { recursive: true });
  const env = { AMP_URL: "http://127.0.0.1:9/" };
  expect((await ws.run('"$HOME/.amp-module/bin/amp-module" doctor', { env })).stdout).toMatch(
    /✗ AgentAPI server: AgentAPI or Amp of this module \(pid .*amp-module start/s,
  );
  const again = await ws.start();
  expect(again.exitCode, again.stderr).toBe(0);
  expect(await agentApis(ws)).toHaveLength(1);
  await rm(join(ws.moduleDir, "state"), { recursive: true });
  expect((await ws.stop()).exitCode).toBe(0);
  expect(await ws.processes()).toEqual([]);
}, 90_000);

test("a stop does not wait for a start that is still at work", async () => {
  const ws = await create({ standIn: { screen: "no-box" }, variables: { ai_prompt: "Hi" } });
  const starting = ws.start();
  await expect.poll(() => serverPid(ws), { timeout: 20_000 }).toBeGreaterThan(0);
  const stop = await ws.stop(inTime);
  expect(stop.exitCode, stop.stderr).toBe(0);
  expect((await starting).exitCode).toBe(1);
  expect(await ws.processes()).toEqual([]);
}, 60_000);

async function agentApis(ws: Workspace): Promise<string[]> {
  const commands = (await ws.processes()).map(({ cmdline }) => cmdline);
  return commands.filter(
    (cmdline) => /agentapi.* server /.test(cmdline) && !cmdline.includes("supervisor.sh"),
  );
}

// A stand-in for either would prove nothing: they are what took 5 s.
const isReal = (await findAgentApi()).real && (await findRealAmp()) !== undefined;
describe.skipIf(!isReal)("the real Amp under the real AgentAPI", () => {
  let server: AmpServer | undefined;
  afterEach(async () => server?.close());

  async function begin(): Promise<Workspace> {
    server = await startAmpServer("answers");
    const ws = await create({
      amp: "real",
      variables: { amp_url: server.url },
      env: { AMP_MODULE_MIN_LIFE_MS: "300" },
    });
    const session = join(ws.home, ".local/share/amp/session.json");
    await mkdir(dirname(session), { recursive: true });
    await writeFile(session, '{"neoWelcomeDismissed": true}');
    return resting(await started(ws));
  }

  async function resting(ws: Workspace): Promise<Workspace> {
    await expect.poll(async () => (await ws.client.status()).status, { timeout: 30_000 }).toBe("stable");
    return ws;
  }

  test("a stop saves what was said last, and leaves nothing though a page is open; the next start has it", async () => {
    const ws = await begin();
    const page = new AbortController();
    const followed = (async () => {
      for await (const _ of ws.client.events({ signal: page.signal }));
    })().catch(() => {});
    await ws.client.sendMessage({ type: "user", content: "Count the files" });
    await sleep(100);
    expect((await ws.stop()).exitCode).toBe(0);
    expect(await ws.processes()).toEqual([]);
    expect(await ws.log("stop")).toMatch(
      /AgentAPI and the agent ended after \d\.\d s\.\n(\S+ INFO {2}Status: .*\n)?$/,
    );
    page.abort();
    await followed;
    expect(await stateFile(ws, "agentapi-state.json")).toContain('"Count the files"');
    const thread = await stateFile(ws, "thread.json");

    await resting(await started(ws));
    expect(await conversation(ws)).toContain("user: Count the files");
    expect(await stateFile(ws, "thread.json")).toBe(thread);
  }, 120_000);

  test("a message that is on its way is waited for", async () => {
    const ws = await begin();
    const sending = ws.client.sendMessage({ type: "user", content: "Count the files" });
    await sleep(100);
    expect((await ws.stop()).exitCode).toBe(0);
    await sending;
    expect(await stateFile(ws, "agentapi-state.json")).toContain('"Count the files"');
    expect(await ws.processes()).toEqual([]);
  }, 120_000);
});
