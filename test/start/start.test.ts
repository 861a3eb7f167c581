import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

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
