import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import type { Workspace } from "../support/workspace.ts";
import {
  answered,
  conversation,
  kill,
  serverPid,
  started,
  stateFile,
  supervisorPid,
  timesAsked,
  workspaces,
} from "./workspace.ts";

const { create, changed, dispose } = workspaces();
afterEach(dispose);

const prompt = "Write a haiku";
/** What the real one says and does. */
const OFFLINE_AMP =
  '#!/bin/sh\necho "Error: Couldn\'t connect to the Amp server. Are you offline?"\nsleep 0.5\nexit 1\n';

test("a killed AgentAPI answers again, with its conversation and on its thread", async () => {
  const env = { AMP_MODULE_RESTART_TICK_S: "1" };
  const ws = await started(await create({ variables: { ai_prompt: prompt }, env }));
  await answered(ws, prompt);
  await expect
    .poll(() => stateFile(ws, "agentapi-state.json"), { timeout: 30_000, interval: 200 })
    .toContain(`Echo: ${prompt}`);
  const before = await conversation(ws);
  const first = await serverPid(ws);
  kill(first, "SIGKILL");
  await answersAgain(ws, first);

  await expect.poll(() => conversation(ws), { timeout: 10_000 }).toEqual(expect.arrayContaining(before));
  await answeredByPerson(ws, "Another one");
  expect(await timesAsked(ws, prompt)).toBe(1);
  expect((await ws.prompts()).map(({ text }) => text)).toEqual([prompt, "Another one"]);
  expect(await ws.log("agentapi-start")).toMatch(
    /WARN {2}AgentAPI or Amp ended unexpectedly \(exit code 137\)/,
  );
  const [thread, again] = (await ws.ampCalls()).map((args) => args.join(" "));
  expect(again).toBe(thread);
}, 60_000);

test("ends that go on are the last: the log's last lines say so and what to do, and nothing is left", async () => {
  const times = { AMP_MODULE_RESTART_GIVE_UP_S: "3", AMP_MODULE_RESTART_LONGEST_PAUSE_S: "1" };
  const ws = await started(await create({ env: times }));
  const supervisor = await supervisorPid(ws);
  const killing = setInterval(() => void serverPid(ws).then((pid) => pid > 0 && kill(pid, "SIGKILL")), 50);
  await expect.poll(() => ws.processes(), { timeout: 30_000 }).toEqual([]);
  clearInterval(killing);
  const lines = (await ws.log("agentapi-start")).trimEnd().split("\n").slice(-3);
  expect(lines[0]).toMatch(/^\S+Z ERROR AgentAPI or Amp ended \d+ times within \d+ minutes .*giving up\.$/);
  expect(lines[1]).toMatch(/^\S+Z ERROR The cause of the last end: AgentAPI was killed from outside/);
  expect(lines[2]).toMatch(/^\S+Z ERROR To fix it: .*memory.*amp-module start/);
  await started(ws);
  expect(await supervisorPid(ws)).not.toBe(supervisor);
}, 60_000);

test("an Amp that has lost its server is tried again, and in the end the log names the network, not a stack", async () => {
  // Longer than the first life: that counts, too, while it is short.
  const times = { AMP_MODULE_RESTART_GIVE_UP_S: "12", AMP_MODULE_RESTART_LONGEST_PAUSE_S: "1" };
  const ws = await started(await create({ env: { ...times } }));
  // The next Amp reads it anew: the network is gone from now on.
  await writeFile(join(ws.home, ".amp/bin/amp"), OFFLINE_AMP);
  kill(await serverPid(ws), "SIGKILL");
  await expect.poll(() => ws.processes(), { timeout: 60_000 }).toEqual([]);
  const last = (await ws.log("agentapi-start")).trimEnd().split("\n").slice(-5).join("\n");
  expect(last).toMatch(/ERROR The cause of the last end: Amp cannot connect to the Amp server\./);
  expect(last).toMatch(/ERROR To fix it: Check the workspace's network and proxy/);
}, 90_000);

test("a killed supervisor leaves an orphan; the next start ends it and starts anew, the conversation continues", async () => {
  const ws = await started(await create({ variables: { ai_prompt: prompt } }));
  await answered(ws, prompt);
  const [supervisor, orphan] = [await supervisorPid(ws), await serverPid(ws)];
  kill(supervisor, "SIGKILL");
  await started(ws);
  expect(await ws.log("agentapi-start")).toMatch(/lost its supervisor: it is ended/);
  const pids = (await ws.processes()).map(({ pid }) => pid);
  expect(pids).not.toContain(orphan);
  expect(pids).toContain(await serverPid(ws));
  expect(pids).toContain(await supervisorPid(ws));
  await expect.poll(() => timesAsked(ws, prompt), { timeout: 10_000 }).toBe(1);
  expect((await ws.prompts()).length).toBe(1);
});

test("a supervisor that is killed while its start still watches leaves nothing running", async () => {
  const ws = await create({ variables: { ai_prompt: prompt }, env: { AMP_MODULE_MIN_LIFE_MS: "30000" } });
  const starting = ws.start();
  await expect.poll(() => serverPid(ws), { timeout: 20_000, interval: 20 }).toBeGreaterThan(0);
  kill(await supervisorPid(ws), "SIGKILL");
  expect(await starting).toMatchObject({ exitCode: 1 });
  expect(await ws.processes()).toEqual([]);
});

test("an Amp that outlives a killed AgentAPI is ended before the next one works on its thread", async () => {
  const ws = await started(await create({ standIn: { outlivesTerminal: true } }));
  const [first, agent] = [await serverPid(ws), await agentPids(ws)];
  expect(agent.length).toBe(1);
  kill(first, "SIGKILL");
  await answersAgain(ws, first);
  const [next, ...others] = await agentPids(ws);
  expect(others).toEqual([]);
  expect(agent).not.toContain(next);
});

test("an Amp that outlives everything else is ended by a stop, and by the next start", async () => {
  const ws = await started(await create({ standIn: { outlivesTerminal: true } }));
  for (const end of [() => ws.stop(), () => ws.start()]) {
    const [agent = 0] = await agentPids(ws);
    kill(await supervisorPid(ws), "SIGKILL");
    kill(await serverPid(ws), "SIGKILL");
    await expect.poll(() => ws.processes().then((all) => all.length), { timeout: 10_000 }).toBe(1);
    expect(await agentPids(ws)).toEqual([agent]);
    expect(await end()).toMatchObject({ exitCode: 0 });
    expect(await agentPids(ws)).not.toContain(agent);
    expect(await ws.log("stop").catch(() => "")).toMatch(/left behind \(pid \d+\)/);
    await started(ws);
  }
}, 60_000);

test("another instance in the same home keeps its agent while this one is put in order", async () => {
  const ws = await started(await create({ standIn: { outlivesTerminal: true } }));
  const second = await changed(ws, {
    standIn: { outlivesTerminal: true },
    // Its module directory begins like the first one's.
    variables: { app_slug: "two", agentapi_port: await freePort() },
  });
  await started(second);
  const [own = 0, other = 0] = [...(await agentPids(ws)), ...(await agentPids(second))];
  kill(await serverPid(ws), "SIGKILL");
  await expect.poll(() => agentPids(ws), { timeout: 10_000 }).not.toContain(own);
  await ws.stop();
  expect(await agentPids(second)).toEqual([other]);
}, 60_000);

test("an agent that its user ended is started again, on its thread", async () => {
  const ws = await started(await create());
  const first = await serverPid(ws);
  // Ctrl-C in its terminal.
  await ws.client.sendMessage({ type: "raw", content: "\u0003" });
  await answersAgain(ws, first);
  expect(await ws.log("agentapi-start")).toMatch(/starting both again|starting again/);
});

/** Waits until another AgentAPI than the one with this pid answers. */
async function answersAgain(ws: Workspace, before: number): Promise<void> {
  const whoAnswers = () =>
    ws.client.status().then(
      () => serverPid(ws),
      () => before,
    );
  await expect.poll(whoAnswers, { timeout: 10_000, interval: 20 }).not.toBe(before);
}

async function agentPids(ws: Workspace): Promise<number[]> {
  return (await ws.processes()).filter(({ cmdline }) => cmdline.includes("/amp.mjs")).map(({ pid }) => pid);
}

async function answeredByPerson(ws: Parameters<typeof answered>[0], content: string): Promise<void> {
  await expect.poll(async () => (await ws.client.status()).status, { timeout: 10_000 }).toBe("stable");
  await ws.client.sendMessage({ type: "user", content });
  await answered(ws, content);
}
