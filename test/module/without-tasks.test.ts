import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type AppliedModule, applyModule, moduleRoot, testAgentId } from "../support/terraform.ts";

const folder = join(moduleRoot, "modules/without-tasks");
/** With two slashes Terraform brings the whole repository, as from Git. */
const withoutTasks = `${moduleRoot}//modules/without-tasks`;
const variables = {
  agent_id: testAgentId,
  workdir: "~/project",
  amp_api_key: "key",
  cli_app: true,
  ai_prompt: "Hi",
};

/** Everything but what is random in every apply. */
function lasting({ resources, outputs }: AppliedModule): unknown {
  const entries = Object.entries(resources).filter(([, { type }]) => type !== "coder_task");
  const withoutIds = entries.map(([address, { values }]) => [address, { ...values, id: "" }]);
  return {
    resources: Object.fromEntries(withoutIds),
    outputs: { ...outputs, task_app_id: typeof outputs["task_app_id"] },
  };
}

test("it asks the provider for nothing that knows of Tasks", async () => {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".tf"));
  const text = (await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")))).join("\n");
  const types = [...text.matchAll(/^(?:resource|data) "(\w+)"/gm)].map(([, type]) => type);
  expect([...new Set(types)].sort()).toEqual(["coder_app", "coder_env", "coder_script"]);
});

test.each<[string, Record<string, unknown>]>([
  ["usual", {}],
  ["stream", { transport: "stream", cli_app: false, app_slug: "two", agentapi_port: 4000 }],
  ["without AgentAPI", { enable_agentapi: false, subdomain: false }],
  ["old names", { sourcegraph_amp_version: "0.0.1", install_sourcegraph_amp: false }],
])("in a workspace that is no Task it is the very same module: %s", async (_, more) => {
  const [root, without] = await Promise.all(
    [moduleRoot, withoutTasks].map((source) => applyModule({ source, variables: { ...variables, ...more } })),
  );
  expect(lasting(without as AppliedModule)).toEqual(lasting(root as AppliedModule));
});

test("mistakes are refused in the same words", async () => {
  const wrong = { source: withoutTasks, variables: { ...variables, workdir: "relative" } };
  await expect(applyModule(wrong)).rejects.toThrow(/workdir/);
});
