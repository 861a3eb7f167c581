import { findAmps } from "../../amp/find.ts";
import { type AmpProbe, AmpProbeError, ampProbeCache, probeAmp } from "../../amp/probe.ts";
import { ModuleError, reasonOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { pinnedVersion } from "../../config.ts";
import type { Context } from "../../context.ts";
import { ampPrefixes } from "../../paths.ts";
import { type Decision, isUpgrade, planAmp } from "../plan.ts";
import { recordUpdateCheck, sinceUpdateCheck } from "../update-check.ts";
import { isNewestOnNpm, stageWithNpm } from "./npm.ts";
import { stageOfficially } from "./official.ts";
import type { StagedAmp } from "./staged.ts";

/**
 * Sees to it that a working Amp in the wanted version is there: kept where it is, installed where it is not. Where
 * the install fails, an Amp that worked before is used, with a warning.
 *
 * @returns the Amp to start
 * @throws ModuleError where there is none in the end
 */
export async function ensureAmp(context: Context, log: Log): Promise<AmpProbe> {
  const working = await workingAmps(context, log);
  const plan = planAmp(context.config, { working, sinceCheckMs: sinceUpdateCheck(context) });
  log.info(`${plan.reason}.`);
  if (plan.action === "keep") {
    if (sinceUpdateCheck(context) === undefined) recordUpdateCheck(context);
    return remember(plan.program, context);
  }
  try {
    return await install(context, plan, log);
  } catch (error) {
    if (!plan.fallback) throw error;
    // A failed look for something newer counts, too: it must not hold up every start while the server is away.
    if (pinnedVersion(context.config.amp_version) === undefined) recordUpdateCheck(context);
    const { version, path } = plan.fallback;
    log.warn(`The install of Amp failed, so ${version} in ${path} goes on being used. ${reasonOf(error)}`);
    if (error instanceof ModuleError) log.warn(`To fix it: ${error.fix}`);
    return remember(plan.fallback, context);
  }
}

async function install(
  context: Context,
  { fallback }: Extract<Decision<AmpProbe>, { action: "install" }>,
  log: Log,
): Promise<AmpProbe> {
  const { config } = context;
  const started = performance.now();
  const wanted = pinnedVersion(config.amp_version);
  if (
    config.install_via_npm &&
    wanted === undefined &&
    fallback &&
    (await isNewestOnNpm(fallback.version, context))
  ) {
    log.info(`Amp ${fallback.version} is the newest on npm.`);
    recordUpdateCheck(context);
    return remember(fallback, context);
  }
  const isCheck = wanted === undefined && fallback !== undefined;
  const { staged, amp } = await stageProved(context, wanted, isCheck, log);
  try {
    if (wanted !== undefined && amp.version !== wanted) throw otherVersion(amp.version, wanted);
    if (wanted === undefined && fallback && !isUpgrade(amp, fallback)) {
      log.info(`Amp ${amp.version} is offered as the newest, which is older than ${fallback.version}: keep.`);
      recordUpdateCheck(context);
      return remember(fallback, context);
    }
    const path = await staged.commit();
    recordUpdateCheck(context);
    log.info(
      `Amp ${amp.version} installed in ${path} (${((performance.now() - started) / 1000).toFixed(1)} s).`,
    );
    return remember({ ...amp, path }, context);
  } finally {
    await staged.cleanUp();
  }
}

/** npm calls it a success when the platform's package, which is optional, did not arrive whole: so it gets a second try. */
const NPM_TRIES = 2;

async function stageProved(
  context: Context,
  wanted: string | undefined,
  isCheck: boolean,
  log: Log,
): Promise<{ staged: StagedAmp; amp: AmpProbe }> {
  const viaNpm = context.config.install_via_npm;
  for (let tried = 1; ; tried++) {
    const staged = await (viaNpm
      ? stageWithNpm(context, wanted, log)
      : stageOfficially(context, wanted, isCheck, log));
    try {
      return { staged, amp: await proveAmp(staged.path, context) };
    } catch (error) {
      await staged.cleanUp();
      if (!viaNpm || tried >= NPM_TRIES) throw error;
      log.warn(`${reasonOf(error)} Installing once more.`);
    }
  }
}

/** Runs a freshly installed Amp: an install that "worked" can still have left a stub. */
async function proveAmp(path: string, { config, env }: Context): Promise<AmpProbe> {
  try {
    return await probeAmp(path, { env });
  } catch (cause) {
    const output =
      cause instanceof AmpProbeError && cause.output ? ` It printed: ${cause.output.trim()}` : "";
    throw new ModuleError(
      `The installed Amp does not run: ${reasonOf(cause)}.${output}`,
      config.install_via_npm
        ? "See that npm may run the install script of @ampcode/cli (no ignore-scripts, no omit=optional) and that the " +
            "registry offers the package for this platform, such as @ampcode/cli-linux-x64 (glibc only)."
        : "Check amp_installer_url and amp_version, and that this system's libraries and processor are ones that Amp is built for.",
      { cause },
    );
  }
}

function otherVersion(version: string, wanted: string): ModuleError {
  return new ModuleError(
    `Amp ${version} was installed although amp_version asks for ${wanted}.`,
    "Check that this version exists and that amp_installer_url or npm_registry_url offers it.",
  );
}

/** Every Amp that runs, in order of preference. A cached probe that fits ends the search: then nothing is run. */
async function workingAmps({ config, paths, env }: Context, log: Log): Promise<AmpProbe[]> {
  const cache = ampProbeCache(paths.ampProbe);
  const wanted = pinnedVersion(config.amp_version);
  const found = findAmps({ env, home: paths.home, npmPrefixes: ampPrefixes(paths) });
  const known = found.map((path) => cache.read(path)).find((probe) => probe !== undefined);
  // A path that the user names goes before one that is merely known.
  const named = env["AMP_CLI_PATH"];
  const isNamed = named === undefined || !found.includes(named) || known?.path === named;
  if (known && isNamed && (wanted === undefined || known.version === wanted)) return [known];
  const working: AmpProbe[] = [];
  for (const path of found) {
    try {
      working.push(await probeAmp(path, { env }));
    } catch (error) {
      log.warn(`${path} does not run (${reasonOf(error)}).`);
    }
  }
  return working;
}

/** Keeps the probe, so that the next start need not run Amp to know it. */
async function remember({ path }: AmpProbe, { paths, env }: Context): Promise<AmpProbe> {
  return probeAmp(path, { cacheFile: paths.ampProbe, env });
}
