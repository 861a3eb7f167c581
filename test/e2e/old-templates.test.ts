import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { planModule } from "../support/terraform.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

let workspace: Workspace | undefined;
afterEach(async () => workspace?.dispose());

const variables = {
  base_amp_config: JSON.stringify({ "amp.permission": [] }),
  additional_mcp_servers: JSON.stringify({ files: { command: "true" } }),
};

test("a plan shows its warnings to who uses the module", async () => {
  const plan = (await planModule({ variables: { ...variables, workdir: "/w" } })).replace(/[│\s]+/g, " ");
  expect(plan).toContain(
    'Amp knows no setting "amp.permission" and passes over it. Did you mean "amp.permissions"?',
  );
  expect(plan).toContain("additional_mcp_servers is deprecated: rename it to mcp.");
  expect(plan).toContain("Plan: ");
});

test("prompts and servers as the oldest module took them arrive, and install.log names the new variables", async () => {
  workspace = await createWorkspace({
    variables,
    env: {
      SOURCEGRAPH_AMP_TASK_PROMPT: 'Fix "it" $(now)\n',
      SOURCEGRAPH_AMP_SYSTEM_PROMPT: "Be brief.",
    },
  });
  const { exitCode, stdout, stderr } = await workspace.start();
  expect(exitCode, stdout + stderr).toBe(0);
  expect((await workspace.prompts()).map(({ text }) => text)).toEqual(['Fix "it" $(now)']);
  const inHome = (path: string) => readFile(join(workspace?.home ?? "", ".config", path), "utf8");
  expect(await inHome("AGENTS.md")).toContain("\nBe brief.\n");
  expect(JSON.parse(await inHome("amp/settings.json"))["amp.mcpServers"]).toEqual({
    files: { command: "true" },
  });

  const warnings = (await workspace.log("install")).split("\n").filter((line) => line.includes(" WARN "));
  expect(warnings.map((line) => line.split(" WARN  ")[1])).toEqual([
    'base_amp_config: Amp knows no setting "amp.permission" and passes over it. Did you mean "amp.permissions"?',
    "additional_mcp_servers is deprecated: rename it to mcp.",
    expect.stringMatching(/SOURCEGRAPH_AMP_TASK_PROMPT .* ai_prompt\.$/),
    expect.stringMatching(/SOURCEGRAPH_AMP_SYSTEM_PROMPT .* instruction_prompt\.$/),
  ]);
});
