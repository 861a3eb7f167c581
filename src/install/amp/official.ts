import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { findAmps } from "../../amp/find.ts";
import type { Context } from "../../context.ts";
import { ModuleError, reasonOf } from "../../errors.ts";
import { download } from "../../system/download.ts";
import { findOnPath } from "../../system/executables.ts";
import type { Log } from "../../system/log.ts";
import { run } from "../../system/run.ts";
import { downloadProgress } from "../progress.ts";

const TIMEOUT_MS = 15 * 60_000;

/**
 * Runs Amp's official installer, which puts `~/.amp/bin/amp` and links `~/.local/bin/amp`. It is downloaded to a
 * file first: a script that is cut short must not run half.
 *
 * @param version an exact version, or undefined for the newest
 * @returns the path of the installed Amp, which is not proved yet
 */
export async function installOfficially(
  { config, paths, env }: Context,
  version: string | undefined,
  log: Log,
): Promise<string> {
  const bash = findOnPath("bash", env);
  if (!bash) {
    throw new ModuleError(
      "Amp's official installer needs bash, which is not on PATH.",
      "Add bash to the workspace image, or set install_via_npm = true.",
    );
  }
  if (isMusl()) {
    throw new ModuleError(
      "Amp's official binary needs glibc; this system has musl (Alpine).",
      "Set install_via_npm = true and add Node with npm to the workspace image.",
    );
  }
  const installer = join(paths.state, "amp-installer.sh");
  await fetchInstaller(config.amp_installer_url, installer, env, log);
  try {
    const { exitCode, failure, output } = await run(bash, [installer], {
      env: { ...env, ...(version === undefined ? {} : { AMP_VERSION: version }) },
      cwd: paths.home,
      timeoutMs: TIMEOUT_MS,
      onLine: (line) => log.info(`  installer: ${stripVTControlCharacters(line)}`),
    });
    if (exitCode !== 0)
      throw installerFailed(config.amp_installer_url, failure ?? `exit code ${exitCode}`, output);
  } finally {
    await rm(installer, { force: true });
  }
  const installed = findAmps({ env: {}, home: paths.home })[0];
  if (installed) return installed;
  throw new ModuleError(
    "Amp's official installer ended well, but left no ~/.amp/bin/amp and no ~/.local/bin/amp.",
    "Check amp_installer_url: it may not serve Amp's installer.",
  );
}

async function fetchInstaller(url: string, target: string, env: NodeJS.ProcessEnv, log: Log): Promise<void> {
  try {
    await download(url, target, {
      mode: 0o700,
      env,
      ...downloadProgress("Amp's installer", log),
    });
  } catch (cause) {
    throw new ModuleError(
      `Amp's installer could not be downloaded from ${reasonOf(cause)}.`,
      "Check the workspace's network and proxy, or set amp_installer_url to a mirror.",
      { cause },
    );
  }
}

function installerFailed(url: string, reason: string, output: string): ModuleError {
  const last = stripVTControlCharacters(output).trimEnd().split("\n").slice(-5).join("\n");
  return new ModuleError(
    `Amp's installer from ${url} failed: ${reason}. Its last lines:\n${last}`,
    "Check amp_version, the network and the free space of the home volume; install_via_npm = true is another way.",
  );
}

/** musl's dynamic loader has a name of its own (musl's README); glibc systems have none such. */
function isMusl(): boolean {
  try {
    return readdirSync("/lib").some((name) => name.startsWith("ld-musl-"));
  } catch {
    return false;
  }
}
