import { afterEach, expect, test } from "vitest";
import { type CoderApi, type SnapshotAnswer, startCoderApi } from "../support/coder-api.ts";
import { testAgentToken } from "../support/workspace.ts";
import { answered, conversation, serverPid, started, workspaces } from "./workspace.ts";

const { create, dispose } = workspaces();
let coder: CoderApi | undefined;
afterEach(async () => {
  await dispose();
  await coder?.close();
});

/** How long a stop may take, whatever happens, and how long it usually does. */
const MOST_MS = 20_000;
const USUAL_MS = 2_000;
const task = { id: "6f1c0f2e-2f6a-4c7e-9d8f-0a1b2c3d4e5f", prompt: "Count the files 😀" };

async function startTask(answer: SnapshotAnswer) {
  coder = await startCoderApi({ token: testAgentToken, taskId: task.id, answer });
  const ws = await create({ task, env: { CODER_AGENT_URL: coder.url } });
  return { ws: await started(ws), coder };
}

test("a stop gives Coder the conversation, and the log says so", async () => {
  const { ws, coder } = await startTask(204);
  await answered(ws, task.prompt);
  const before = await conversation(ws);
  const stop = await ws.stop();
  expect(stop.exitCode, stop.stderr).toBe(0);
  expect(stop.durationMs).toBeLessThan(USUAL_MS);
  expect(coder.complaints).toEqual([]);
  expect(coder.snapshots.length).toBe(1);
  const { messages } = JSON.parse(coder.snapshots[0] ?? "") as {
    messages: { role: string; content: string }[];
  };
  expect(messages.map(({ role, content }) => `${role}: ${content.trim()}`)).toEqual(before);
  const log = await ws.log("stop");
  expect(log).toMatch(/INFO {2}Snapshot: \d+ bytes are with Coder\./);
  expect(log).toMatch(/AgentAPI and the agent ended after \d\.\d s\.\n$/);
  expect(await ws.processes()).toEqual([]);
});

test("an AgentAPI that hears nothing any more is killed, within the bound", async () => {
  const { ws } = await startTask("never");
  process.kill(await serverPid(ws), "SIGSTOP");
  const stop = await ws.stop();
  expect(stop.durationMs).toBeLessThan(MOST_MS);
  expect(stop.exitCode, stop.stderr).toBe(0);
  expect(await ws.log("stop")).toMatch(
    /WARN {2}AgentAPI, the agent or what it had started did not end by itself and was killed/,
  );
  expect(await ws.processes()).toEqual([]);
}, 60_000);

test("a stop does not wait for a start that is still at work", async () => {
  const ws = await create({ standIn: { screen: "no-box" }, variables: { ai_prompt: "Hi" } });
  const starting = ws.start();
  await expect.poll(() => serverPid(ws), { timeout: 20_000 }).toBeGreaterThan(0);
  const stop = await ws.stop();
  expect(stop.exitCode, stop.stderr).toBe(0);
  expect(stop.durationMs).toBeLessThan(MOST_MS);
  expect((await starting).exitCode).toBe(1);
  expect(await ws.processes()).toEqual([]);
}, 60_000);
