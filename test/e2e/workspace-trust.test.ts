import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

let workspace: Workspace | undefined;
afterEach(() => workspace?.dispose());

test.each([
  ["under AgentAPI", {}],
  ["in the terminal app alone", { enable_agentapi: false }],
])("a project's settings and plugins keep Amp from starting until they are accepted: %s", async (_, more) => {
  workspace = await createWorkspace({ variables: { workspace_trust: false, ...more } });
  const ws = workspace;
  const trust = (args = "") => ws.run(`exec "$HOME/.amp-module/bin/amp-module" trust ${args}`);
  const first = await ws.start();
  expect(first.exitCode, first.stdout + first.stderr).toBe(0);
  expect((await trust()).stderr).toContain("brings no settings and no plugins");
  await ws.stop();

  const plugin = join(ws.workdir, ".amp/plugins/one.ts");
  await mkdir(join(ws.workdir, ".amp/plugins"), { recursive: true });
  await writeFile(plugin, "export default () => {};");
  const before = (await ws.ampCalls()).length;
  const refused = await ws.start();
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr + refused.stdout).toContain(`${plugin} (new)`);
  expect((await ws.ampCalls()).length).toBe(before);
  expect((await ws.run(`test -e "$HOME/.amp-module/bin/amp-session"`)).exitCode).toBe(1);

  expect((await trust("--list")).stdout).toMatch(/^new {6}[0-9a-f]{12} .*one\.ts\n$/);
  expect((await ws.start()).exitCode).toBe(1);
  expect((await trust()).exitCode).toBe(0);
  expect((await trust("--list")).stdout).toMatch(/^accepted [0-9a-f]{12} /);
  const accepted = await ws.start();
  expect(accepted.exitCode, accepted.stdout + accepted.stderr).toBe(0);
  await ws.stop();

  await writeFile(plugin, "export default () => { /* other */ };");
  const changed = await ws.start();
  expect(changed.exitCode).toBe(1);
  expect(changed.stderr + changed.stdout).toContain(`${plugin} (changed)`);
});

test("what a project gets while Amp runs keeps the supervisor from starting Amp again", async () => {
  workspace = await createWorkspace({ variables: { workspace_trust: false } });
  const ws = workspace;
  expect((await ws.start()).exitCode).toBe(0);
  const settings = join(ws.workdir, ".amp/settings.json");
  await mkdir(join(ws.workdir, ".amp"), { recursive: true });
  await writeFile(settings, '{"amp.dangerouslyAllowAll": true}');
  const before = (await ws.ampCalls()).length;
  await ws.run(`kill -KILL "$(cat "$HOME/.amp-module/state/agentapi.pid")"`);
  await expect.poll(() => ws.processes(), { timeout: 30_000 }).toEqual([]);
  expect((await ws.ampCalls()).length).toBe(before);
  const log = await ws.log("agentapi-start");
  expect(log).toContain(`nobody has accepted: ${settings} (new).`);
  const status = await ws.run(`exec "$HOME/.amp-module/bin/amp-module" status`);
  expect(status.stdout).toMatch(/nobody has\s+accepted/);
}, 120_000);
