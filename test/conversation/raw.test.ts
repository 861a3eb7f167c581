import { afterEach, expect, test } from "vitest";
import { serverPid, started, workspaces } from "./workspace.ts";

const { create, changed, dispose } = workspaces();
afterEach(dispose);

test("an agent without an input box gets its prompt once, typed, and the log says why", async () => {
  const prompt = "Write a haiku\nabout $(rain) and `snow`";
  const ws = await create({ standIn: { screen: "no-box" }, variables: { ai_prompt: prompt } });
  await started(ws);
  await expect.poll(async () => (await ws.prompts()).map(({ text }) => text)).toEqual([prompt]);
  const log = await ws.log("agentapi-start");
  expect(log).toMatch(/WARN {2}AgentAPI does not recognise Amp's input box: the screen has rested for 10 s /);
  expect(log).toMatch(/WARN {2}The prompt was typed into the terminal .*transport = "stream"/);
  // A changed prompt is typed, too: a chat message would block AgentAPI for good.
  const next = await changed(ws, {
    standIn: { screen: "no-box" },
    variables: { ai_prompt: "Now in German" },
  });
  const running = await serverPid(ws);
  expect(await ws.run(next.scripts.start)).toMatchObject({ exitCode: 0 });
  expect(await serverPid(ws)).toBe(running);
  await expect
    .poll(async () => (await ws.prompts()).map(({ text }) => text))
    .toEqual([prompt, "Now in German"]);
  expect((await ws.client.status()).agent_type).toBe("amp");

  // Not again by a start that finds it running, and not by one after a stop.
  for (const script of [next.scripts.start, next.scripts.stop, next.scripts.start])
    expect(await ws.run(script)).toMatchObject({ exitCode: 0 });
  expect((await ws.prompts()).length).toBe(2);
}, 120_000);
