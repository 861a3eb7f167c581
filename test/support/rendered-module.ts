import { appliedOnce } from "./applied-once.ts";
import { payloadText, withPayload } from "./payload.ts";
import type { AppliedModule, ApplyOptions } from "./terraform.ts";

/** Variables that go into the payload as they are, and into nothing else. */
const passedOn = [
  "agentapi_allowed_hosts",
  "ai_prompt",
  "continue",
  "instruction_prompt",
  "log_level",
  "mode",
  "status_reports",
  "thread_id",
];

/** Stands for every test's own port: the only one that a rendered module of a test names. */
const anyPort = 61_327;
const anyAmpUrl = "http://127.0.0.1:61328";

/**
 * The module as Terraform applies it. Terraform runs once for all tests of a run that differ in the variables above, in
 * `agentapi_port` or in the address of `amp_url` alone: these are put in afterwards, without Terraform's validation.
 *
 * @throws TerraformError if the apply fails
 */
export async function renderModule({ variables = {}, ...rest }: ApplyOptions): Promise<AppliedModule> {
  const own = Object.fromEntries(Object.entries(variables).filter(([name]) => passedOn.includes(name)));
  const shape = Object.fromEntries(Object.entries(variables).filter(([name]) => !passedOn.includes(name)));
  const { agentapi_port, amp_url } = variables;
  const port = typeof agentapi_port === "number" ? agentapi_port : 3284;
  const hasUrl = typeof amp_url === "string" && amp_url !== "";
  const applied = await appliedOnce({
    ...rest,
    variables: { ...shape, agentapi_port: anyPort, ...(hasUrl && { amp_url: anyAmpUrl }) },
  });
  const text = JSON.stringify(applied)
    .replaceAll(`localhost:${anyPort}`, `localhost:${port}`)
    .replaceAll(JSON.stringify(anyAmpUrl), JSON.stringify(amp_url));
  const module = JSON.parse(text) as AppliedModule;
  const start = module.resources["coder_script.start"];
  if (start) {
    const script = String(start.values["script"]);
    start.values["script"] = withPayload(script, {
      ...JSON.parse(payloadText(script)),
      ...own,
      agentapi_port: port,
    });
  }
  return module;
}
