import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLog } from "../../src/base/log.ts";
import { createRedact } from "../../src/base/redact.ts";
import { type Config, parseConfig } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { modulePaths } from "../../src/paths.ts";
import { variableDefaults } from "../support/variable-defaults.ts";

/** A payload as Terraform renders it if the template sets nothing but `overrides`: test/module/payload.test.ts compares. */
export function exampleConfig(overrides: Partial<Config> = {}): Config {
  const computed = { task_id: "", status_app: "amp", acp_bundle_sha256: "", warnings: [] };
  const set = { agent_id: "", workdir: "~/project", install_amp: true, enable_agentapi: true };
  return parseConfig(JSON.stringify({ ...variableDefaults, ...computed, ...set, ...overrides }));
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
