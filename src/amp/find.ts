import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

export interface FindOptions {
  env: NodeJS.ProcessEnv;
  /** The user's home directory. */
  home: string;
  /** Further npm prefixes to look into, before the usual ones. */
  npmPrefixes?: readonly string[];
}

/** How to start Amp: a `.js` entry needs a JavaScript runtime in front. */
export interface AmpCommand {
  file: string;
  args: string[];
}

/**
 * The first executable Amp, as an absolute path: `AMP_CLI_PATH` (which Amp's own SDKs read too), the official
 * installer's places, npm prefixes, `PATH`. It is not run: see `probeAmp` for whether it works.
 */
export function findAmp(options: FindOptions): string | undefined {
  return findAmps(options)[0];
}

/** Every executable Amp in the order of `findAmp`, each path once. */
export function findAmps({ env, home, npmPrefixes = [] }: FindOptions): string[] {
  const prefixes = [
    ...npmPrefixes,
    env["NPM_CONFIG_PREFIX"],
    env["npm_config_prefix"],
    join(home, ".npm-global"),
  ];
  const candidates = [
    env["AMP_CLI_PATH"],
    join(home, ".amp", "bin", "amp"),
    join(home, ".local", "bin", "amp"),
    ...prefixes.map((prefix) => prefix && join(prefix, "bin", "amp")),
    ...(env["PATH"] ?? "").split(delimiter).map((folder) => folder && join(folder, "amp")),
  ];
  const found = candidates.filter((path): path is string => !!path && isAbsolute(path) && isRunnable(path));
  return [...new Set(found)];
}

/** @param runtime the JavaScript runtime for a `.js` Amp; this process's own by default */
export function ampCommand(path: string, runtime = process.execPath): AmpCommand {
  return isScript(path) ? { file: runtime, args: [path] } : { file: path, args: [] };
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, isScript(path) ? constants.R_OK : constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isScript(path: string): boolean {
  return /\.[cm]?js$/.test(path);
}
