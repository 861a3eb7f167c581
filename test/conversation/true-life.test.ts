import { afterEach, expect, test } from "vitest";
import { workspaces } from "./workspace.ts";

const { create, dispose } = workspaces();
afterEach(dispose);

test("an agent that draws its screen, rests, and ends after 3 s never counted as ready", async () => {
  // Empty as in a workspace, where nothing shortens the time that an agent must live.
  const ws = await create({
    env: { AMP_MODULE_MIN_LIFE_MS: "" },
    standIn: { exitAfterMs: 3000 },
    variables: { ai_prompt: "Hi" },
  });
  const result = await ws.start();
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toMatch(/ended with exit code 1[\s\S]*╭─.* medium ─╮/);
  const lines = (await ws.log("agentapi-start")).trimEnd().split("\n");
  expect(lines.at(-1)).toMatch(/ERROR To fix it: /);
  expect(await ws.processes()).toEqual([]);
}, 60_000);
