import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createWorkspace, testAgentToken, testApiKey, type Workspace } from "../support/workspace.ts";

let workspace: Workspace | undefined;
afterEach(async () => workspace?.dispose());

test("a start that was killed before the agent was ready is begun anew by the next one", async () => {
  workspace = await createWorkspace({ variables: { ai_prompt: "Once" } });
  const ws = workspace;
  expect((await ws.start()).exitCode).toBe(0);
  const path = join(ws.moduleDir, "state/agentapi.json");
  const first = JSON.parse(await readFile(path, "utf8")) as { pid: number; isReady: boolean };
  expect(first.isReady).toBe(true);

  await writeFile(path, JSON.stringify({ ...first, isReady: false }));
  const again = await ws.start();
  expect(again, again.stderr).toMatchObject({ exitCode: 0 });
  const second = JSON.parse(await readFile(path, "utf8")) as { pid: number; isReady: boolean };
  expect(second.isReady).toBe(true);
  expect(second.pid).not.toBe(first.pid);
  expect(await ws.log("agentapi-start")).toMatch(/never came up/);
});

test("log_level debug tells what was decided, the thread, and each step of the prompt, and no secret", async () => {
  workspace = await createWorkspace({ variables: { ai_prompt: "Once", log_level: "debug" } });
  const ws = workspace;
  expect((await ws.start()).exitCode).toBe(0);
  const steps = [
    /Decision: launch, since no AgentAPI of this module is on record and runs\./,
    /Thread: thread_id is not set, the start before had none, continue = true\./,
    /Prompt: \d+ characters, to be sent\./,
    /Screen: input\./,
    /The prompt's way, try 1: input\./,
    /Sending the prompt\./,
    /Amp shows the prompt as said\./,
  ];
  const debug = async () =>
    (await ws.log("agentapi-start"))
      .split("\n")
      .filter((line) => / DEBUG /.test(line))
      .join("\n");
  expect(await debug()).toMatch(new RegExp(steps.map(({ source }) => source).join("[\\s\\S]*")));
  expect((await ws.start()).exitCode).toBe(0);
  expect(await debug()).toMatch(/Decision: leave it alone\./);
  expect(await debug()).not.toMatch(new RegExp(`${testApiKey}|${testAgentToken}|Once`));
});
