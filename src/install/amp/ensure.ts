import { findAmps } from "../../amp/find.ts";
import { type AmpProbe, AmpProbeError, cachedProbe, type ProbeCache, probeAmp } from "../../amp/probe.ts";
import { pinnedVersion } from "../../config.ts";
import type { Context } from "../../context.ts";
import { ModuleError, reasonOf } from "../../errors.ts";
import type { Log } from "../../system/log.ts";
import { fileProbeCache } from "../../system/probe-cache.ts";
import { installWithNpm } from "./npm.ts";
import { installOfficially } from "./official.ts";

/**
 * Sees to it that a working Amp in the wanted version is there: kept where it is, installed where it is not. Where
 * the install fails, an Amp that worked before is used, with a warning.
 *
 * @returns the Amp to start
 * @throws ModuleError where there is none in the end
 */
export async function ensureAmp(context: Context, log: Log): Promise<AmpProbe> {
  const { config } = context;
  const wanted = pinnedVersion(config.amp_version);
  const cache = fileProbeCache(context.paths.ampProbe);
  const present = await workingAmps(context, cache, log, wanted);
  const fitting = present.find((amp) => isWanted(amp, wanted));
  if (fitting) {
    log.info(`Amp: ${fitting.version} in ${fitting.path}, wanted ${wanted ?? "latest"}: keep.`);
    return remember(fitting, cache);
  }
  if (!config.install_amp) return notInstalled(present, wanted, cache, log);

  const found = present[0] ? `found ${present[0].version}` : "not found";
  log.info(
    `Amp: ${found}, wanted ${wanted ?? "latest"}: install with ${config.install_via_npm ? "npm" : "the official installer"}.`,
  );
  try {
    return await install(context, wanted, cache, log);
  } catch (error) {
    const fallback = present[0];
    if (!fallback) throw error;
    log.warn(
      `Amp: the install failed, so ${fallback.version} in ${fallback.path} goes on being used. ${reasonOf(error)}`,
    );
    return remember(fallback, cache);
  }
}

async function install(
  context: Context,
  wanted: string | undefined,
  cache: ProbeCache,
  log: Log,
): Promise<AmpProbe> {
  const started = performance.now();
  const path = await (context.config.install_via_npm ? installWithNpm : installOfficially)(
    context,
    wanted,
    log,
  );
  const amp = await proveAmp(path, context.env, cache);
  if (!isWanted(amp, wanted)) {
    throw new ModuleError(
      `Amp ${amp.version} was installed although amp_version asks for ${wanted}.`,
      "Check that this version exists and that amp_installer_url or npm_registry_url offers it.",
    );
  }
  log.info(`Amp: installed ${amp.version} in ${amp.path} (${seconds(started)}).`);
  return amp;
}

/** Runs a freshly installed Amp: an install that "worked" can still have left a stub. */
async function proveAmp(path: string, env: NodeJS.ProcessEnv, cache: ProbeCache): Promise<AmpProbe> {
  try {
    return await probeAmp(path, { cache, env });
  } catch (cause) {
    const output =
      cause instanceof AmpProbeError && cause.output ? ` It printed: ${cause.output.trim()}` : "";
    throw new ModuleError(
      `The installed Amp in ${path} does not run: ${reasonOf(cause)}.${output}`,
      "On Alpine (musl) set install_via_npm = true; with npm, see that install scripts of @ampcode/cli are allowed.",
      { cause },
    );
  }
}

/** Every Amp that runs, in order of preference. A cached probe that fits ends the search: then nothing is run. */
async function workingAmps(
  context: Context,
  cache: ProbeCache,
  log: Log,
  wanted: string | undefined,
): Promise<AmpProbe[]> {
  const paths = findAmps({
    env: context.env,
    home: context.paths.home,
    npmPrefixes: [context.paths.npmPrefix],
  });
  const known = paths
    .map((path) => cachedProbe(path, cache))
    .find((probe) => probe && isWanted(probe, wanted));
  if (known) return [known];
  const working: AmpProbe[] = [];
  for (const path of paths) {
    try {
      working.push(await probeAmp(path, { env: context.env }));
    } catch (error) {
      log.warn(`Amp: ${path} does not run (${reasonOf(error)}).`);
    }
  }
  return working;
}

async function notInstalled(
  present: AmpProbe[],
  wanted: string | undefined,
  cache: ProbeCache,
  log: Log,
): Promise<AmpProbe> {
  const [amp] = present;
  if (!amp) {
    throw new ModuleError(
      "No working Amp was found (AMP_CLI_PATH, ~/.amp/bin, ~/.local/bin, npm prefixes, PATH), and install_amp is false.",
      "Set install_amp = true, or add Amp to the workspace image.",
    );
  }
  log.warn(
    `Amp: ${amp.version} in ${amp.path} is used; amp_version asks for ${wanted}, but install_amp is false.`,
  );
  return remember(amp, cache);
}

async function remember(amp: AmpProbe, cache: ProbeCache): Promise<AmpProbe> {
  return cachedProbe(amp.path, cache) ?? probeAmp(amp.path, { cache });
}

function isWanted(amp: AmpProbe, wanted: string | undefined): boolean {
  return wanted === undefined || amp.version === wanted.replace(/^v/, "");
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}
