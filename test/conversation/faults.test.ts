import { spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { answered, conversation, started, stateFile, timesAsked, workspaces } from "./workspace.ts";

const { create, changed, dispose } = workspaces();
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await dispose();
});

const prompt = "Write a haiku";

test("a record with the pid of a live foreign process: that is left alone, AgentAPI starts", async () => {
  const ws = await started(await create({ variables: { ai_prompt: prompt } }));
  await answered(ws, prompt);
  const record = JSON.parse(await stateFile(ws, "agentapi.json")) as Record<string, unknown>;
  await ws.stop();
  const foreign = spawn("sleep", ["600"]);
  cleanups.push(() => foreign.kill("SIGKILL"));
  const { pid = 0 } = foreign;
  await writeFile(join(ws.moduleDir, "state/agentapi.json"), JSON.stringify({ ...record, pid }));
  await writeFile(join(ws.moduleDir, "state/agentapi.pid"), `${pid}\n`);

  await started(ws);
  expect(foreign.exitCode).toBeNull();
  expect(await stateFile(ws, "agentapi.pid")).not.toBe(`${pid}\n`);
  expect(await timesAsked(ws, prompt)).toBe(1);
  await ws.stop();
  expect(foreign.exitCode).toBeNull();
});

test("a port in use: the start fails, names the holder and the variable, and leaves it alone", async () => {
  const ws = await create();
  const listener = createServer().listen(ws.port, "127.0.0.1");
  await new Promise((resolve) => listener.once("listening", resolve));
  cleanups.push(() => listener.close());
  const result = await ws.start();
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toMatch(new RegExp(`Port ${ws.port} is taken by pid ${process.pid} \\(`));
  expect(result.stderr).toContain("agentapi_port");
  expect(listener.listening).toBe(true);
  expect(await ws.processes()).toEqual([]);
  expect((await ws.log("agentapi-start")).trimEnd().split("\n").slice(-2).join("\n")).toMatch(
    /ERROR.*taken by[\s\S]*ERROR.*agentapi_port/,
  );
});

test("a truncated state file is kept aside with a warning, and the start goes on", async () => {
  const ws = await started(await create({ variables: { ai_prompt: prompt } }));
  await answered(ws, prompt);
  await ws.stop();
  const state = join(ws.moduleDir, "state");
  const whole = await readFile(join(state, "agentapi-state.json"), "utf8");
  const damaged = whole.slice(0, whole.length / 2);
  await writeFile(join(state, "agentapi-state.json"), damaged);

  await started(ws);
  expect(await ws.log("agentapi-start")).toMatch(
    /WARN {2}.*saved conversation is cut short or damaged\. It is kept as /,
  );
  const aside = (await readdir(state)).filter((name) => name.includes("unreadable"));
  expect(aside.length).toBe(1);
  expect(await readFile(join(state, aside[0] ?? ""), "utf8")).toBe(damaged);
  // The thread goes on, and Amp has had its prompt on it.
  expect((await ws.prompts()).map(({ text }) => text)).toEqual([prompt]);
});

test("a thread that the server rejects is replaced by a new one, with a warning", async () => {
  const refuseThread = "T-0199c0de-1234-7abc-8def-0123456789ab";
  const ws = await create({
    variables: { ai_prompt: prompt, thread_id: `https://ampcode.com/threads/${refuseThread}` },
    standIn: { refuseThread },
  });
  await started(ws);
  await answered(ws, prompt);
  const log = await ws.log("agentapi-start");
  expect(log).toMatch(
    new RegExp(`WARN {2}Thread ${refuseThread} is gone or not accessible: Amp starts a new one`),
  );
  const { threadId: id } = JSON.parse(await stateFile(ws, "thread.json")) as { threadId: string };
  expect(id).not.toBe(refuseThread);
  expect((await ws.ampCalls()).at(-1)).toEqual(["threads", "continue", id]);
  expect((await ws.prompts()).length).toBe(1);
});

test("two instances on one agent: both talk, and stopping one leaves the other alone", async () => {
  const first = await started(await create({ variables: { ai_prompt: prompt } }));
  const second = await started(
    await changed(first, {
      variables: { ai_prompt: "Another task", app_slug: "amp-two", agentapi_port: await freePort() },
    }),
  );
  await answered(first, prompt);
  await answered(second, "Another task");
  expect(await conversation(first)).not.toEqual(await conversation(second));
  expect(second.moduleDir).toBe(join(first.home, ".amp-module-amp-two"));
  expect((await second.stop()).exitCode).toBe(0);
  expect(await second.processes()).toEqual([]);
  expect((await first.client.status()).agent_type).toBe("amp");
  await started(second);
  expect((await first.stop()).exitCode).toBe(0);
  expect((await second.client.status()).agent_type).toBe("amp");
});

test("a process that looks like AgentAPI but is another instance's is not ended", async () => {
  const first = await started(await create());
  const second = await changed(first, { variables: { app_slug: "amp-two" } });
  const result = await second.start();
  expect(result.exitCode).toBe(1);
  // The stand-in for AgentAPI is a script that Node runs.
  const program = first.agentApiIsReal ? "agentapi" : "node";
  expect(result.stderr).toMatch(new RegExp(`Port \\d+ is taken by pid \\d+ \\(.*${program}\\)`));
  expect((await first.client.status()).agent_type).toBe("amp");
});
