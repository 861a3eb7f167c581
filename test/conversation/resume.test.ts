import { afterEach, expect, test } from "vitest";
import {
  answered,
  conversation,
  killEverything,
  started,
  stateFile,
  timesAsked,
  workspaces,
} from "./workspace.ts";

const { create, changed, dispose } = workspaces();
afterEach(dispose);

/** What may be lost where nothing could be saved any more. */
const SAVE_EVERY_MS = 30_000;

const texts = (prompts: { text: string }[]) => prompts.map(({ text }) => text);
const firstPrompt = "Write a haiku";

test("prompt, answer, stop, start: the conversation is there, the prompt in it once, on the same thread", async () => {
  const first = await started(await create({ variables: { ai_prompt: firstPrompt } }));
  await answered(first, firstPrompt);
  const before = await conversation(first);
  expect((await first.stop()).exitCode).toBe(0);
  expect(await first.processes()).toEqual([]);

  await started(first);
  await expect.poll(() => conversation(first), { timeout: 10_000 }).toEqual(expect.arrayContaining(before));
  expect(await timesAsked(first, firstPrompt)).toBe(1);
  expect(texts(await first.prompts())).toEqual([firstPrompt]);
  expect(await first.log("agentapi-start")).toContain("it is not sent again");
  expect(await first.openedThreads()).toBe(1);
  const [call, ...others] = await first.ampCalls();
  expect(call?.slice(0, 2)).toEqual(["threads", "continue"]);
  expect(others).toEqual([call]);

  const second = await started(await changed(first, { variables: { ai_prompt: "Now in German" } }));
  await answered(second, "Now in German");
  expect(await timesAsked(second, firstPrompt)).toBe(1);
  expect(await timesAsked(second, "Now in German")).toBe(1);
  expect(texts(await second.prompts())).toEqual(["Now in German"]);
});

test("after kill -9 of everything the conversation is there, but for what came in the last 30 s", async () => {
  const ws = await started(await create({ variables: { ai_prompt: firstPrompt } }));
  await answered(ws, firstPrompt);
  await expect
    .poll(() => stateFile(ws, "agentapi-state.json"), { timeout: SAVE_EVERY_MS, interval: 200 })
    .toContain(`Echo: ${firstPrompt}`);
  const before = await conversation(ws);
  await killEverything(ws);

  await started(ws);
  await expect.poll(() => conversation(ws), { timeout: 10_000 }).toEqual(expect.arrayContaining(before));
  expect(await timesAsked(ws, firstPrompt)).toBe(1);
  expect(texts(await ws.prompts())).toEqual([firstPrompt]);
}, 60_000);

test("continue = false begins a new conversation on a new thread, and sends the prompt again", async () => {
  const ws = await started(await create({ variables: { ai_prompt: firstPrompt, continue: false } }));
  await answered(ws, firstPrompt);
  await ws.stop();
  await started(ws);
  await answered(ws, firstPrompt);
  expect(await timesAsked(ws, firstPrompt)).toBe(1);
  expect(texts(await ws.prompts())).toEqual([firstPrompt, firstPrompt]);
  expect(await ws.openedThreads()).toBe(2);
});
