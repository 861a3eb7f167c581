import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, resolve } from "node:path";
import { readTextIfExists } from "./base/atomic-file.ts";
import { ModuleError } from "./base/errors.ts";
import { textIn } from "./base/glance.ts";
import { echoToTerminal, type Level, type Log, openLog } from "./base/log.ts";
import { createRedact, mcpSecrets, type Redact, urlSecrets } from "./base/redact.ts";
import { xdgFolders } from "./base/xdg.ts";
import { type Config, parseConfig } from "./config.ts";
import { withOldPrompts } from "./deprecated.ts";
import { modulePaths, type Paths } from "./paths.ts";
import { keptAnswers } from "./remote-answers.ts";

/** What every command works with: the only place that reads the environment, the clock and the home. */
export interface Context {
  config: Config;
  paths: Paths;
  env: NodeJS.ProcessEnv;
  now: () => Date;
  redact: Redact;
  /** Opens one of the module's logs; `rotate` begins a new one and keeps the previous, `quiet` keeps it off the terminal, `level` is `log_level` unless given. */
  openLog: (path: string, options: { rotate: boolean; quiet?: boolean; level?: Level }) => Log;
}

/**
 * The module's files, whether or not they are there.
 *
 * @param bundle the path of the running bundle, `<module directory>/bin/amp-module.br85`
 * @throws ModuleError if the home cannot be used
 */
export function locate(bundle: string, env: NodeJS.ProcessEnv): Paths {
  const home = env["HOME"] || homedir();
  if (!isAbsolute(home) || !existsSync(home)) {
    throw new ModuleError(
      `The home directory "${home}" does not exist.`,
      "Set HOME for the agent, or mount the workspace's home volume.",
    );
  }
  const moduleDir = env["AMP_MODULE_DIR"] || dirname(dirname(resolve(bundle)));
  return modulePaths(moduleDir, home, xdgFolders(env, home));
}

/**
 * @param bundle the path of the running bundle, `<module directory>/bin/amp-module.br85`
 * @throws ModuleError if the home or `config.json` cannot be used
 */
export function createContext(bundle: string, processEnv: NodeJS.ProcessEnv): Context {
  const env = { ...processEnv };
  const paths = locate(bundle, env);
  const config = withOldPrompts(readConfig(paths), env);
  const redact = createRedact(env, [
    ...secretsOf(config),
    ...keptAnswers(paths).map(textIn).flatMap(serverSecrets),
  ]);
  const now = () => new Date();
  // What is told is short; the log has whole paths.
  const echo: typeof echoToTerminal = (line, level, mark) =>
    echoToTerminal(mark ? line.replaceAll(`${paths.home}/`, "~/") : line, level, mark);
  return {
    config,
    paths,
    env,
    now,
    redact,
    openLog: (path, { rotate, quiet, level = config.log_level }) =>
      openLog({ path, rotate, redact, now, level, ...(quiet ? {} : { echo }) }),
  };
}

function readConfig(paths: Paths): Config {
  const text = readTextIfExists(paths.config);
  if (text !== undefined) return parseConfig(text);
  throw new ModuleError(
    `${paths.config} does not exist.`,
    "Restart the workspace: its start script writes the file. For another module directory set AMP_MODULE_DIR.",
  );
}

/** Secrets that the template put into its inputs, so that no log ever shows them. */
function secretsOf(config: Config): string[] {
  const urls = [
    config.amp_installer_url,
    config.npm_registry_url,
    config.agentapi_download_url,
    ...config.mcp_config_remote_path,
  ];
  return [
    ...urls.flatMap(urlSecrets),
    ...[config.base_amp_config, config.managed_settings, config.mcp ?? ""].flatMap(serverSecrets),
  ];
}

/** Those of MCP servers, or of settings with such servers. */
function serverSecrets(text: string): string[] {
  try {
    const json: unknown = JSON.parse(text);
    const settings =
      typeof json === "object" && json !== null && "amp.mcpServers" in json ? json["amp.mcpServers"] : json;
    return mcpSecrets(settings);
  } catch {
    return [];
  }
}
