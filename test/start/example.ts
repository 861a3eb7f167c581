import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLog } from "../../src/base/log.ts";
import { createRedact } from "../../src/base/redact.ts";
import type { Config } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { modulePaths } from "../../src/paths.ts";

/** A payload as Terraform renders it where the template sets nothing. */
const plain = {
  agent_id: "",
  workdir: "~/project",
  ai_prompt: "",
  instruction_prompt: "",
  mode: "",
  base_amp_config: "",
  mcp: null,
  mcp_config_remote_path: [] as string[],
  dangerously_allow_all: false,
  install_amp: true,
  install_via_npm: false,
  amp_version: "",
  amp_update_check_hours: 24,
  amp_installer_url: "https://ampcode.com/install.sh",
  npm_registry_url: "",
  install_agentapi: true,
  agentapi_version: "v0.12.1",
  agentapi_download_url: "https://github.com/coder/agentapi/releases",
  agentapi_sha256: "",
  agentapi_port: 3284,
  agentapi_allowed_hosts: [] as string[],
  app_slug: "amp",
  subdomain: true,
  report_tasks: true,
  task_id: "",
  task_log_snapshot: true,
  continue: true,
  thread_id: "",
  thread_visibility: "",
  thread_labels: [] as string[],
  enable_state_persistence: true,
  enable_agentapi: true,
  enable_boundary: false,
  boundary_config: "",
  transport: "terminal" as const,
  acp_bundle_sha256: "",
  log_level: "info" as const,
  warnings: [] as string[],
};

export function exampleConfig(overrides: Partial<Config> = {}): Config {
  return { ...plain, ...overrides };
}

export interface ExampleContext extends Context {
  /** What went to the terminal besides the logs. */
  echoed: string[];
}

/** A context on a temporary home of its own; the caller removes `paths.home`. */
export function exampleContext(
  config: Partial<Config> = {},
  env: Record<string, string> = {},
): ExampleContext {
  const home = mkdtempSync(join(tmpdir(), "amp-module-home-"));
  const paths = modulePaths(join(home, ".amp-module"), home);
  for (const folder of [paths.moduleDir, paths.bin, paths.state]) mkdirSync(folder, { mode: 0o700 });
  const redact = createRedact(env);
  const now = () => new Date("2026-09-23T10:00:00Z");
  const echoed: string[] = [];
  return {
    config: exampleConfig(config),
    paths,
    env: { HOME: home, PATH: "/usr/bin:/bin", ...env },
    now,
    redact,
    echoed,
    openLog: (path, { rotate }) =>
      openLog({ path, rotate, redact, now, level: "info", echo: (line) => void echoed.push(line) }),
  };
}
