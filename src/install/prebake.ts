import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { ampInPrefix } from "../amp/places.ts";
import { managedProblem } from "../amp/settings-problems.ts";
import { missingCertificateFiles } from "../base/certificates.ts";
import { ModuleError, reasonOf } from "../base/errors.ts";
import { echoToTerminal, openLog } from "../base/log.ts";
import { createRedact } from "../base/redact.ts";
import type { Config } from "../config.ts";
import { modulePaths, PREBAKED_DIR } from "../paths.ts";
import { ensureAgentapi } from "./agentapi/ensure.ts";
import { ensureAmp } from "./amp/ensure.ts";
import { applyManagedSettings } from "./managed-settings.ts";

/** What a person gives on the command line; each means the variable of the same name. */
export type PrebakeOptions = Pick<
  Config,
  | "amp_version"
  | "install_via_npm"
  | "amp_installer_url"
  | "npm_registry_url"
  | "agentapi_version"
  | "agentapi_download_url"
  | "agentapi_sha256"
  | "managed_settings"
>;

/**
 * Puts Amp and AgentAPI into an image, in `/opt/amp-module`, where every start looks before it downloads. Outside of
 * the home, since a volume usually covers that; readable by every user.
 *
 * @param folder for tests; `/opt/amp-module` otherwise
 * @param managedPath for tests; Amp's own place otherwise
 * @throws ModuleError
 */
export async function prebake(
  options: PrebakeOptions,
  env: NodeJS.ProcessEnv,
  folder = PREBAKED_DIR,
  managedPath?: string,
): Promise<void> {
  // The installers' home is the folder itself, so that the official one puts Amp there.
  const paths = modulePaths(folder, folder);
  const problem = managedProblem(options.managed_settings);
  if (problem !== undefined) {
    throw new ModuleError(
      `managed_settings cannot be used: ${problem}.`,
      "Correct it; nothing was installed.",
    );
  }
  try {
    mkdirSync(paths.bin, { recursive: true });
  } catch (cause) {
    throw new ModuleError(
      `${folder} could not be created: ${reasonOf(cause)}.`,
      "Run prebake as root, as a Dockerfile does.",
      { cause },
    );
  }
  const redact = createRedact(env);
  const now = () => new Date();
  const log = openLog({
    path: paths.installLog,
    rotate: false,
    redact,
    now,
    level: "info",
    echo: echoToTerminal,
  });
  const config = {
    ...options,
    install_amp: true,
    amp_update_check_hours: 0,
    install_agentapi: true,
    managed_settings_sudo: false,
  };
  const context = { config, paths, env, now, redact };
  try {
    for (const missing of missingCertificateFiles(env)) log.warn(missing);
    await applyManagedSettings(context, log, managedPath);
    const [amp, agentapi] = await Promise.all([ensureAmp(context, log), ensureAgentapi(context, log)]);
    link(ampInPrefix(folder), amp.path);
    link(paths.agentapi, agentapi.path);
    rmSync(paths.state, { recursive: true, force: true });
    makeReadable(folder);
    log.tell(`Prebaked in ${folder}: Amp ${amp.version}, AgentAPI ${agentapi.version}.`);
  } finally {
    log.close();
  }
}

function link(path: string, program: string): void {
  if (path === program) return;
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(path);
  symlinkSync(program, path);
}

/** Files are installed for their owner only; an image's user is another one. */
function makeReadable(path: string): void {
  const entry = lstatSync(path);
  if (entry.isSymbolicLink()) return;
  const isRunnable = entry.isDirectory() || (statSync(path).mode & 0o100) !== 0;
  chmodSync(path, entry.mode | (isRunnable ? 0o055 : 0o044));
  if (entry.isDirectory()) for (const name of readdirSync(path)) makeReadable(join(path, name));
}
