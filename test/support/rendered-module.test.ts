import { expect, test } from "vitest";
import { awkwardPrompt } from "./awkward-prompt.ts";
import { payloadText, withPayload } from "./payload.ts";
import { renderModule } from "./rendered-module.ts";
import { type AppliedModule, applyModule } from "./terraform.ts";

/** What does not change from one apply to the next, with the payload to read. */
function comparable({ resources, outputs }: AppliedModule) {
  const script = String(resources["coder_script.start"]?.values["script"]);
  const known = Object.entries(resources).map(([address, { values }]) => {
    const { id: _, ...others } = values;
    return [address, others];
  });
  const { task_app_id: __, ...lasting } = outputs;
  const text = JSON.stringify([known, lasting]).replaceAll(
    JSON.stringify(script),
    JSON.stringify(withPayload(script, {})),
  );
  return { payload: JSON.parse(payloadText(script)) as unknown, rest: JSON.parse(text) as unknown };
}

test("a module whose values were put in afterwards is the one that Terraform makes of them", async () => {
  const variables = {
    workdir: "~/project",
    agentapi_allowed_hosts: ["chat.example.org"],
    agentapi_port: 4321,
    ai_prompt: awkwardPrompt,
    amp_url: "http://127.0.0.1:4322",
    continue: false,
    instruction_prompt: "Be brief.\n<&>",
    log_level: "debug",
    mode: "high",
    status_reports: "off",
    thread_id: "T-0199c0de-1234-7abc-8def-0123456789ab",
    subdomain: false,
  };
  const [rendered, applied] = await Promise.all([renderModule({ variables }), applyModule({ variables })]);
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
