import { appliedOnce } from "./applied-once.ts";
import { payloadText, withPayload } from "./payload.ts";
import { type AppliedModule, type ApplyOptions, defaultTaskId } from "./terraform.ts";

/** Variables that go into the payload as they are, and into nothing else. */
const passedOn = [
  "agentapi_allowed_hosts",
  "agentapi_download_url",
  "agentapi_version",
  "ai_prompt",
  "amp_update_check_hours",
  "continue",
  "enable_state_persistence",
  "install_agentapi",
  "instruction_prompt",
  "log_level",
  "mode",
  "npm_registry_url",
  "status_reports",
  "task_log_snapshot",
  "thread_id",
];

/** Stands for every test's own port: the only one that a rendered module of a test names. */
const anyPort = 61_327;
const anyAmpUrl = "http://127.0.0.1:61328";
const anyInstaller = "http://127.0.0.1:61329/install.sh";
const anyPrompt = "The prompt of some Task";

/**
 * The module as Terraform applies it. Terraform runs once for all tests of a run that differ in the variables above, in
 * `agentapi_port`, in a Task's prompt and ID, or in the addresses of `amp_url` and `amp_installer_url` alone: these are put
 * in afterwards, without Terraform's validation.
 *
 * @throws TerraformError if the apply fails
 */
export async function renderModule({ variables = {}, task, ...rest }: ApplyOptions): Promise<AppliedModule> {
  const own = Object.fromEntries(Object.entries(variables).filter(([name]) => passedOn.includes(name)));
  const shape = Object.fromEntries(Object.entries(variables).filter(([name]) => !passedOn.includes(name)));
  const { agentapi_port, amp_url, amp_installer_url: installer } = variables;
  const port = typeof agentapi_port === "number" ? agentapi_port : 3284;
  const hasUrl = typeof amp_url === "string" && amp_url !== "";
  const hasInstaller = typeof installer === "string" && /^https?:/.test(installer);
  const anyTask = task && { ...task, id: defaultTaskId, prompt: task.prompt && anyPrompt };
  const applied = await appliedOnce({
    ...rest,
    ...(anyTask && { task: anyTask }),
    variables: {
      ...shape,
      agentapi_port: anyPort,
      ...(hasUrl && { amp_url: anyAmpUrl }),
      ...(hasInstaller && { amp_installer_url: anyInstaller }),
    },
  });
  const text = JSON.stringify(applied)
    .replaceAll(`localhost:${anyPort}`, `localhost:${port}`)
    .replaceAll(JSON.stringify(anyAmpUrl), JSON.stringify(amp_url))
    .replaceAll(JSON.stringify(anyPrompt), JSON.stringify(task?.prompt))
    .replaceAll(JSON.stringify(defaultTaskId), JSON.stringify(task?.id ?? defaultTaskId))
    .replaceAll(base64(anyInstaller), base64(String(installer)));
  const module = JSON.parse(text) as AppliedModule;
  const start = module.resources["coder_script.start"];
  if (start) {
    const script = String(start.values["script"]);
    const payload = JSON.parse(payloadText(script)) as Record<string, unknown>;
    start.values["script"] = withPayload(script, {
      ...payload,
      ...own,
      // The Task's is for a template without one.
      ai_prompt:
        own["ai_prompt"] || (payload["ai_prompt"] === anyPrompt ? task?.prompt : payload["ai_prompt"]),
      ...(payload["task_id"] === defaultTaskId && { task_id: task?.id ?? defaultTaskId }),
      ...(hasInstaller && { amp_installer_url: installer }),
      agentapi_port: port,
    });
  }
  return module;
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
