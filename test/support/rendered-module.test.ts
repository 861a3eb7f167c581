import { expect, test } from "vitest";
import { awkwardPrompt } from "./awkward-prompt.ts";
import { payloadText, withPayload } from "./payload.ts";
import { renderModule } from "./rendered-module.ts";
import { type AppliedModule, applyModule } from "./terraform.ts";

/** What does not change from one apply to the next, with the payload to read. */
function comparable({ resources, outputs, aiTask }: AppliedModule) {
  const script = String(resources["coder_script.start"]?.values["script"]);
  const known = Object.entries(resources).map(([address, { values }]) => {
    const { id: _, ...others } = values;
    return [address, others];
  });
  const { task_app_id: __, ...lasting } = outputs;
  const { app_id: ___, ...asked } = aiTask ?? {};
  const text = JSON.stringify([known, lasting, asked]).replaceAll(
    JSON.stringify(script),
    JSON.stringify(withPayload(script, {})),
  );
  return { payload: JSON.parse(payloadText(script)) as unknown, rest: JSON.parse(text) as unknown };
}

test("a module whose values were put in afterwards is the one that Terraform makes of them", async () => {
  const variables = {
    workdir: "~/project",
    agentapi_allowed_hosts: ["chat.example.org"],
    agentapi_download_url: "http://127.0.0.1:4323/agentapi",
    agentapi_port: 4321,
    agentapi_version: "v0.12.0",
    ai_prompt: awkwardPrompt,
    amp_installer_url: "http://127.0.0.1:4323/install.sh",
    amp_update_check_hours: 0,
    amp_url: "http://127.0.0.1:4322",
    continue: false,
    enable_state_persistence: false,
    install_agentapi: false,
    instruction_prompt: "Be brief.\n<&>",
    log_level: "debug",
    mode: "high",
    npm_registry_url: "https://npm.example.com/",
    status_reports: "off",
    task_log_snapshot: false,
    thread_id: "T-0199c0de-1234-7abc-8def-0123456789ab",
    subdomain: false,
  };
  const [rendered, applied] = await Promise.all([renderModule({ variables }), applyModule({ variables })]);
  expect(comparable(rendered)).toEqual(comparable(applied));
});

test.each([
  ["", "task"],
  ["Do this instead", "task"],
  ["", "ai_prompt"],
] as const)("a Task's, with ai_prompt = %j, handed over as %s", async (ai_prompt, through) => {
  const options = {
    variables: { workdir: "~/project", ...(ai_prompt && { ai_prompt }) },
    task: { id: "6f1c0f2e-2f6a-4c7e-9d8f-0a1b2c3d4e5f", prompt: awkwardPrompt, through },
  };
  const [rendered, applied] = await Promise.all([renderModule(options), applyModule(options)]);
  expect(comparable(rendered)).toEqual(comparable(applied));
});

test("what no test gives keeps the module's default", async () => {
  const variables = { workdir: "~/project" };
  const [rendered, applied] = await Promise.all([renderModule({ variables }), applyModule({ variables })]);
  expect(comparable(rendered)).toEqual(comparable(applied));
});

test("a variable that Terraform has to look at is refused by it", async () => {
  await expect(renderModule({ variables: { workdir: "not/absolute" } })).rejects.toThrow(/workdir/);
});
