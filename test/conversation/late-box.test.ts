import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { started, workspaces } from "./workspace.ts";

const { create, dispose } = workspaces();
afterEach(dispose);

test("an input box that appears after the prompt was typed does not bring the prompt a second time", async () => {
  const prompt = "Write a haiku";
  const ws = await create({
    standIn: { screen: "late-box" },
    variables: { ai_prompt: prompt },
    // A screen without a box is believed after half of that.
    env: { AMP_MODULE_INPUT_MS: "6000" },
  });
  await started(ws);
  await expect.poll(async () => (await ws.client.messages()).at(-1)?.content).toContain(`Echo: ${prompt}`);
  // AgentAPI sends what it has as soon as it finds the box and the screen has rested for 2 s.
  await sleep(6000);
  expect((await ws.prompts()).map(({ text }) => text)).toEqual([prompt]);
  // From here on the chat works.
  await ws.client.sendMessage({ type: "user", content: "And another" });
  expect((await ws.prompts()).map(({ text }) => text)).toEqual([prompt, "And another"]);

  // A restart does not find it in the saved state either.
  expect(await ws.stop()).toMatchObject({ exitCode: 0 });
  await started(ws);
  await sleep(3000);
  expect((await ws.prompts()).length).toBe(2);
}, 120_000);
