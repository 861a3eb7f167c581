import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { answered, started, stateFile, workspaces } from "./workspace.ts";

const { create, dispose } = workspaces();
afterEach(dispose);

test.each([
  "delivery.json",
  "thread.json",
])("a damaged %s: the conversation continues on its thread, and its prompt is not given a second time", async (name) => {
  const ws = await started(await create({ variables: { ai_prompt: "Write a haiku" } }));
  await answered(ws, "Write a haiku");
  const thread = await stateFile(ws, "thread.json");
  expect((await ws.stop()).exitCode).toBe(0);
  const path = join(ws.moduleDir, "state", name);
  const whole = await stateFile(ws, name);
  await writeFile(path, whole.slice(0, whole.length / 2));

  await started(ws);
  expect(await ws.log("agentapi-start")).toContain("it is not sent again");
  expect((await ws.prompts()).map(({ text }) => text)).toEqual(["Write a haiku"]);
  expect(JSON.parse(await stateFile(ws, "thread.json"))).toEqual(JSON.parse(thread));
  expect(JSON.parse(await stateFile(ws, "delivery.json"))).toMatchObject({ state: "delivered" });
});

test("a thread.json that is damaged while Amp runs is whole after the next start, which leaves Amp alone", async () => {
  const ws = await started(await create({ variables: { ai_prompt: "Write a haiku" } }));
  await answered(ws, "Write a haiku");
  const thread = await stateFile(ws, "thread.json");
  await writeFile(join(ws.moduleDir, "state/thread.json"), "");

  await started(ws);
  expect(await ws.log("agentapi-start")).toMatch(
    /it is left alone[\s\S]*thread\.json was damaged and names T-/,
  );
  expect(await stateFile(ws, "thread.json")).toBe(thread);
  expect((await ws.prompts()).map(({ text }) => text)).toEqual(["Write a haiku"]);
});
