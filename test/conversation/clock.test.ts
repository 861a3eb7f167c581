import { lutimes, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { answered, serverPid, started, timesAsked, workspaces } from "./workspace.ts";

const { create, dispose } = workspaces();
afterEach(dispose);

const prompt = "Write a haiku";
const TEN_YEARS_MS = 10 * 365.25 * 24 * 60 * 60 * 1000;

test("files from a clock ten years off change nothing: what runs is kept, what stopped goes on", async () => {
  const ws = await started(await create({ variables: { ai_prompt: prompt } }));
  await answered(ws, prompt);
  const running = await serverPid(ws);

  await setTimes(ws.home, Date.now() + TEN_YEARS_MS);
  await started(ws);
  expect(await serverPid(ws)).toBe(running);
  expect((await ws.stop()).exitCode).toBe(0);

  await setTimes(ws.home, Date.now() - TEN_YEARS_MS);
  await started(ws);
  await expect.poll(() => timesAsked(ws, prompt), { timeout: 10_000 }).toBe(1);
  expect((await ws.prompts()).length).toBe(1);
  expect(await ws.log("agentapi-start")).not.toContain("ERROR");
});

async function setTimes(folder: string, ms: number): Promise<void> {
  const time = new Date(ms);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    await lutimes(join(entry.parentPath, entry.name), time, time);
}
