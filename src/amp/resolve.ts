import { homedir } from "node:os";
import { AmpError } from "./errors.ts";
import { findAmps } from "./find.ts";
import type { AmpOptions } from "./options.ts";
import { type AmpProbe, AmpProbeError, probeAmp } from "./probe.ts";

/** This process's environment with the options' laid over it. */
export function environment(options: AmpOptions): NodeJS.ProcessEnv {
  const sdk = options.sdkVersion ? { AMP_SDK_VERSION: options.sdkVersion } : {};
  const env: NodeJS.ProcessEnv = { ...process.env, ...sdk, ...options.env };
  for (const [name, value] of Object.entries(env)) if (value === undefined) delete env[name];
  return env;
}

/**
 * The Amp to use: the one given, or the first that is found.
 * @throws AmpError cli_not_found
 */
export async function resolveAmp(options: AmpOptions): Promise<AmpProbe> {
  if (options.amp) return options.amp;
  const env = environment(options);
  const [path] = findAmps({ env, home: env["HOME"] ?? homedir(), npmPrefixes: options.npmPrefixes ?? [] });
  if (path === undefined) {
    throw new AmpError(
      "cli_not_found",
      "Amp is not installed: it is in none of the usual places and not on PATH.",
    );
  }
  try {
    return await probeAmp(path, { env, cacheFile: options.probeCache });
  } catch (cause) {
    if (!(cause instanceof AmpProbeError)) throw cause;
    throw new AmpError("cli_not_found", `The Amp at ${path} does not work: ${cause.message}.`, {
      remedy: "Install Amp again.",
      cause,
    });
  }
}
