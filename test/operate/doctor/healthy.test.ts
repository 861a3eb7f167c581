import { afterEach, beforeEach, expect, test } from "vitest";
import { defaultVersion } from "../../support/default-release.ts";
import { CANARY, examineIt, healthyWorkspace, type Workspace } from "./subject.ts";

let workspace: Workspace;
beforeEach(async () => {
  workspace = await healthyWorkspace();
});
afterEach(() => workspace.dispose());

test("a workspace in order: every part is named with its version and place, nothing is wrong", async () => {
  const { report, full, terminal, json } = await examineIt(workspace);
  expect(report.lines.filter(({ state }) => state !== "ok")).toEqual([]);
  expect(report.isHealthy).toBe(true);
  const { paths, config } = workspace;
  const texts = report.lines.map(({ text }) => text).join("\n");
  for (const part of [
    paths.moduleDir,
    `Amp 0.0.1790142911-g7618fb in ${paths.home}/.amp/bin/amp`,
    "AMP_API_KEY is set",
    "the server accepts the key",
    `AgentAPI ${defaultVersion} in ${paths.agentapi}`,
    paths.ampSettings,
    `${paths.home}/project`,
    `answers on port ${config.agentapi_port}, the agent is stable`,
    "Amp runs every tool without asking: no permission rule anywhere",
    "install.log has no warning",
  ]) {
    expect(texts).toContain(part);
  }
  expect(full.trimEnd().split("\n").at(-1)).toBe("Nothing is wrong.");
  expect(terminal).toContain("Nothing is wrong.");
  expect(terminal.split("\n").length).toBeLessThan(20);
  expect(JSON.parse(json)).toMatchObject({ healthy: true, lastFailure: null });
  expect(full + terminal + json).not.toContain(CANARY);
});
