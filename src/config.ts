import * as z from "zod/mini";
import { ModuleError } from "./base/errors.ts";

/**
 * The schema of `config.json`: its keys are the Terraform variables' names, letter for letter. The user's scripts are
 * files beside it, since the launcher may need the first one before there is a runtime to read JSON.
 */
const schema = z.object({
  agent_id: z.string(),
  workdir: z.string(),
  ai_prompt: z.string(),
  instruction_prompt: z.string(),
  mode: z.string(),
  base_amp_config: z.string(),
  mcp: z.nullable(z.string()),
  mcp_config_remote_path: z.array(z.string()),
  dangerously_allow_all: z.boolean(),
  managed_settings: z.string(),
  managed_settings_sudo: z.boolean(),
  workspace_trust: z.boolean(),
  install_amp: z.boolean(),
  install_via_npm: z.boolean(),
  amp_version: z.string(),
  amp_update_check_hours: z.number(),
  amp_installer_url: z.string(),
  npm_registry_url: z.string(),
  install_agentapi: z.boolean(),
  agentapi_version: z.string(),
  agentapi_download_url: z.string(),
  agentapi_sha256: z.string(),
  agentapi_port: z.number(),
  agentapi_allowed_hosts: z.array(z.string()),
  app_slug: z.string(),
  web_app: z.boolean(),
  cli_app: z.boolean(),
  subdomain: z.boolean(),
  status_reports: z.enum(["plugin", "coder-mcp", "off"]),
  /** Slug of the app that a status is shown beside, "" if the workspace has none of ours. */
  status_app: z.string(),
  /** The Task's id, "" outside of one. */
  task_id: z.string(),
  task_log_snapshot: z.boolean(),
  continue: z.boolean(),
  thread_id: z.string(),
  thread_visibility: z.string(),
  thread_labels: z.array(z.string()),
  enable_state_persistence: z.boolean(),
  /** Never with the runner. */
  enable_agentapi: z.boolean(),
  enable_boundary: z.boolean(),
  boundary_config: z.string(),
  transport: z.enum(["terminal", "stream", "runner"]),
  approval_channel: z.enum(["chat", "terminal"]),
  /** In seconds; 0 for no limit. */
  approval_timeout: z.number(),
  /** Digest of the stream agent's bundle, "" for the other transports. */
  acp_bundle_sha256: z.string(),
  log_level: z.enum(["debug", "info", "warn", "error"]),
  /** What the plan warned of, for install.log. */
  warnings: z.array(z.string()),
});

/** What the template asked for, as Terraform rendered it. */
export type Config = z.infer<typeof schema>;

/**
 * Reads the payload that the start script wrote to `config.json`.
 *
 * @param text the file's JSON text
 * @throws ModuleError naming the first variable that is missing or of the wrong type
 */
export function parseConfig(text: string): Config {
  const result = z.safeParse(schema, parseJson(text));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new ModuleError(
    `config.json does not fit this version of the module: ${issue?.path.join(".") ?? "?"}: ${issue?.message ?? "invalid"}.`,
    "Restart the workspace: its start script writes the file anew.",
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ModuleError(
      "config.json is not JSON: it was changed by hand or cut short.",
      "Restart the workspace: its start script writes the file anew.",
      { cause },
    );
  }
}

/** Whether an Amp of ours reports its status by a plugin; in the stream the agent in front of Amp does. */
export function hasPlugin(config: Pick<Config, "status_reports" | "status_app" | "transport">): boolean {
  return config.status_reports === "plugin" && config.status_app !== "" && config.transport !== "stream";
}

/** The wanted Amp or AgentAPI version without a leading `v`, or undefined for the newest (`""` and `latest`). */
export function pinnedVersion(version: string): string | undefined {
  return version === "" || version === "latest" ? undefined : version.replace(/^v/, "");
}
