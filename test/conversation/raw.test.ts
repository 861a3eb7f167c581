import { afterEach, expect, test } from "vitest";
import { started, workspaces } from "./workspace.ts";

const { create, dispose } = workspaces();
afterEach(dispose);

test("an agent without an input box gets its prompt once, typed, and the log says why", async () => {
  const prompt = "Write a haiku\nabout $(rain) and `snow`";
  const ws = await create({ standIn: { screen: "no-box" }, variables: { ai_prompt: prompt } });
  await started(ws);
  await expect.poll(async () => (await ws.prompts()).map(({ text }) => text)).toEqual([prompt]);
  expect(await ws.log("agentapi-start")).toMatch(
    /WARN {2}AgentAPI does not recognise Amp's input box: the screen has rested for 10 s .*transport = "stream"/,
  );
  // Not again by a start that finds it running, and not by one after a stop.
  await started(ws);
  await ws.stop();
  await started(ws);
  expect((await ws.prompts()).length).toBe(1);
}, 60_000);
