import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { probeAmp } from "../../amp/probe.ts";
import type { Context } from "../../context.ts";
import { ModuleError, reasonOf } from "../../errors.ts";
import { findOnPath, isExecutable } from "../../system/executables.ts";
import type { Log } from "../../system/log.ts";
import { run } from "../../system/run.ts";

const PACKAGE = "@sourcegraph/amp";
/** The package whose install script puts the native binary in place; newer npm runs it only where it is allowed. */
const NATIVE_PACKAGE = "@ampcode/cli";
const TIMEOUT_MS = 15 * 60_000;

/**
 * Installs Amp with npm into a prefix of its own, so that the user's npm configuration stays as it is. Each install
 * gets a new folder and is proved there; only then does the link `npm` move to it, in one step.
 *
 * @param version an exact version, or undefined for the newest
 * @returns the path of the installed Amp
 */
export async function installWithNpm(
  context: Context,
  version: string | undefined,
  log: Log,
): Promise<string> {
  const { config, paths, env } = context;
  const npm = findNpm(context);
  // npm's own first line asks env for node, so node's folder must be on PATH.
  const npmEnv = { ...env, PATH: `${dirname(npm)}:${env["PATH"] ?? ""}` };
  const prefix = `${paths.npmPrefix}-${randomBytes(4).toString("hex")}`;
  mkdirSync(prefix, { recursive: true, mode: 0o700 });
  try {
    const args = npmArguments({
      prefix,
      version,
      registryUrl: config.npm_registry_url,
      npmVersion: await versionOf(npm, npmEnv),
    });
    const { exitCode, failure, output } = await run(npm, args, {
      env: npmEnv,
      cwd: paths.home,
      timeoutMs: TIMEOUT_MS,
      onLine: (line) => log.info(`  npm: ${stripVTControlCharacters(line)}`),
    });
    if (exitCode !== 0) throw npmFailed(failure ?? `exit code ${exitCode}`, output);
    await prove(join(prefix, "bin", "amp"), npmEnv);
    replaceLink(paths.npmPrefix, prefix);
  } catch (error) {
    rmSync(prefix, { recursive: true, force: true });
    throw error;
  }
  removeOthers(paths.npmPrefix, prefix);
  return join(paths.npmPrefix, "bin", "amp");
}

export interface NpmInstall {
  prefix: string;
  version: string | undefined;
  registryUrl: string;
  /** `npm --version`, or undefined where it did not answer. */
  npmVersion: string | undefined;
}

/** npm's arguments; `--allow-scripts` came with npm 11 and older ones would complain about it. */
export function npmArguments({ prefix, version, registryUrl, npmVersion }: NpmInstall): string[] {
  return [
    "install",
    "--global",
    `--prefix=${prefix}`,
    "--no-fund",
    "--no-audit",
    "--no-update-notifier",
    "--loglevel=warn",
    ...(registryUrl ? [`--registry=${registryUrl}`] : []),
    ...(Number(npmVersion?.split(".")[0] ?? 0) >= 11 ? [`--allow-scripts=${NATIVE_PACKAGE}`] : []),
    `${PACKAGE}@${version ?? "latest"}`,
  ];
}

/** npm beside the Node that runs this, else on PATH. */
function findNpm({ env }: Context): string {
  const beside = join(dirname(process.execPath), "npm");
  const npm = isExecutable(beside) ? beside : findOnPath("npm", env);
  if (npm) return npm;
  throw new ModuleError(
    "install_via_npm is true, but there is no npm: neither beside the running Node nor on PATH.",
    "Add Node with npm to the workspace image, or set install_via_npm = false.",
  );
}

async function versionOf(npm: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { exitCode, output } = await run(npm, ["--version"], { env, timeoutMs: 30_000 });
  return exitCode === 0 ? output.trim() : undefined;
}

async function prove(path: string, env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await probeAmp(path, { env });
  } catch (cause) {
    throw new ModuleError(
      `npm installed ${PACKAGE}, but its amp does not run: ${reasonOf(cause)}. Its native binary is missing.`,
      `See that npm may run the install script of ${NATIVE_PACKAGE} (no ignore-scripts, no omit=optional) and that the registry offers its platform packages.`,
      { cause },
    );
  }
}

function replaceLink(link: string, target: string): void {
  const temporary = `${target}.link`;
  symlinkSync(basename(target), temporary);
  renameSync(temporary, link);
}

function removeOthers(link: string, current: string): void {
  const folder = dirname(link);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`${basename(link)}-`) && name !== basename(current)) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

function npmFailed(reason: string, output: string): ModuleError {
  const last = stripVTControlCharacters(output).trimEnd().split("\n").slice(-5).join("\n");
  return new ModuleError(
    `npm could not install ${PACKAGE}: ${reason}. Its last lines:\n${last}`,
    "Check amp_version, npm_registry_url, the network and the free space of the home volume.",
  );
}
