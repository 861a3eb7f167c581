import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { isManagedByModule, managedText, saysTheSame } from "../amp/managed-settings.ts";
import { MANAGED_SETTINGS } from "../amp/places.ts";
import { readTextIfExists, writeFileAtomic } from "../base/atomic-file.ts";
import { ModuleError, reasonOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { run } from "../base/run.ts";
import type { Config } from "../config.ts";

const SUDO_MS = 20_000;

/** $1 is the file, $2 what is to be in it. */
const WRITE = `umask 022; mkdir -p "\${1%/*}" && printf %s "$2" >"$1.new" && mv -f "$1.new" "$1"`;

/**
 * Sees to it that Amp's managed settings file says what the template wants, which nobody below it can overrule.
 *
 * @param path for tests; Amp's own place otherwise
 * @throws ModuleError if it does not, since a rule that does not hold is worse than none
 */
export async function applyManagedSettings(
  {
    config,
    env,
  }: { config: Pick<Config, "managed_settings" | "managed_settings_sudo">; env: NodeJS.ProcessEnv },
  log: Log,
  path = MANAGED_SETTINGS,
): Promise<void> {
  if (config.managed_settings === "") return;
  const wanted = managedText(config.managed_settings);
  const present = readPresent(path);
  if (present !== undefined && saysTheSame(present, wanted)) {
    return log.info(`managed_settings: ${path} is already as wanted.`);
  }
  if (present !== undefined && !isManagedByModule(present)) {
    throw new ModuleError(
      `${path} has other settings than managed_settings, and this module did not write them.`,
      "Move them into managed_settings and remove the file, or leave managed_settings empty.",
    );
  }
  try {
    writeReadable(path, wanted);
  } catch (error) {
    const problem = config.managed_settings_sudo ? await writeWithSudo(path, wanted, env) : reasonOf(error);
    if (problem !== undefined) throw unwritten(path, problem);
  }
  const written = readPresent(path);
  if (written !== wanted) throw unwritten(path, "it reads otherwise than it was written");
  log.info(`managed_settings: wrote ${path}.`);
}

function readPresent(path: string): string | undefined {
  try {
    return readTextIfExists(path);
  } catch (error) {
    // Amp could not read it either, and would run without its rules.
    throw new ModuleError(
      `Amp's managed settings cannot be read: ${reasonOf(error)}.`,
      `Make ${path} readable for every user, or remove it.`,
    );
  }
}

/** For every user, whatever the umask is. */
function writeReadable(path: string, text: string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) {
    // One by one: a recursive one calls a read-only disk "no such file".
    mkdirSync(dirname(folder), { recursive: true });
    mkdirSync(folder);
    chmodSync(folder, 0o755);
  }
  writeFileAtomic(path, text, 0o644);
  chmodSync(path, 0o644);
}

/** @returns why it could not be done, or undefined */
async function writeWithSudo(
  path: string,
  text: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const args = ["-n", "sh", "-c", WRITE, "sh", path, text];
  const { exitCode, output, failure } = await run("sudo", args, { env, timeoutMs: SUDO_MS });
  if (exitCode === 0 && failure === undefined) return undefined;
  return `sudo: ${failure ?? (output.trim().split("\n").at(-1) || `exit code ${exitCode}`)}`;
}

function unwritten(path: string, problem: string): ModuleError {
  return new ModuleError(
    `managed_settings could not be written to ${path}, so its rules would not hold: ${problem}.`,
    "Put the file into the image with `amp-module prebake --managed-settings`, run the agent as root, or set " +
      "managed_settings_sudo = true if its user has sudo without a password.",
  );
}
