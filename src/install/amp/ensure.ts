import { findAmps } from "../../amp/find.ts";
import { namedAmp } from "../../amp/places.ts";
import { type AmpProbe, AmpProbeError, ampProbeCache, probeAmp } from "../../amp/probe.ts";
import { ModuleError, reasonOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { pinnedVersion } from "../../config.ts";
import { ampSearch, type Paths } from "../../paths.ts";
import { type AmpWishes, type Decision, isUpgrade, planAmp } from "../plan.ts";
import { recordUpdateCheck, sinceUpdateCheck } from "../update-check.ts";
import type { AmpRoute, RouteContext, StagedAmp, Wanted } from "./route.ts";
import { routeFor } from "./routes.ts";

/** What it takes to see to Amp; a command's whole context has it all. */
export interface AmpContext extends RouteContext {
  config: AmpWishes;
  paths: RouteContext["paths"] & Pick<Paths, "prebaked" | "ampProbe" | "updateCheck">;
  now: () => Date;
}

/**
 * Sees to it that a working Amp in the wanted version is there: kept where it is, installed where it is not. If
 * the install fails, an Amp that worked before is used, with a warning.
 *
 * @returns the Amp to start
 * @throws ModuleError if there is none in the end
 */
export async function ensureAmp(context: AmpContext, log: Log): Promise<AmpProbe> {
  const working = await workingAmps(context, log);
  const route = routeFor(context.config);
  const sinceCheckMs = sinceUpdateCheck(context);
  const plan = planAmp(context.config, { working, sinceCheckMs });
  log.info(`${plan.reason}.`);
  if (plan.action === "keep") {
    if (sinceCheckMs === undefined) recordUpdateCheck(context);
    return remember(plan.program, context);
  }
  try {
    return await install(context, route, plan, log);
  } catch (error) {
    if (!plan.fallback) throw error;
    // A failed look for something newer counts, too: it must not hold up every start while the server is away.
    if (pinnedVersion(context.config.amp_version) === undefined) recordUpdateCheck(context);
    const { version, path } = plan.fallback;
    log.warn(`The install of Amp failed, so ${version} in ${path} stays in use. ${reasonOf(error)}`);
    if (error instanceof ModuleError) log.warn(`To fix it: ${error.fix}`);
    // Asked again if the failed install has changed the file.
    return probeAmp(path, { cacheFile: context.paths.ampProbe, env: context.env });
  }
}

async function install(
  context: AmpContext,
  route: AmpRoute,
  { fallback }: Extract<Decision<AmpProbe>, { action: "install" }>,
  log: Log,
): Promise<AmpProbe> {
  const started = performance.now();
  const wanted = pinnedVersion(context.config.amp_version);
  const isCheck = wanted === undefined && fallback !== undefined;
  if (isCheck && (await route.isNewest?.(fallback.version, context))) {
    log.info(`Amp ${fallback.version} is the newest on ${route.name}.`);
    recordUpdateCheck(context);
    return remember(fallback, context);
  }
  const { staged, amp } = await stageProved(context, route, { version: wanted, isCheck }, log);
  try {
    if (wanted !== undefined && amp.version !== wanted) throw otherVersion(amp.version, wanted);
    if (wanted === undefined && fallback && !isUpgrade(amp, fallback)) {
      log.info(`Amp ${amp.version} is offered as the newest, which is older than ${fallback.version}: keep.`);
      recordUpdateCheck(context);
      return remember(fallback, context);
    }
    const committed = await staged.commit(amp);
    recordUpdateCheck(context);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    log.info(`Amp ${committed.version} installed in ${committed.path} (${seconds} s).`);
    return remember(committed, context);
  } finally {
    await staged.cleanUp();
  }
}

/** Installs aside, and again if what arrived does not run. */
async function stageProved(
  context: AmpContext,
  route: AmpRoute,
  wanted: Wanted,
  log: Log,
): Promise<{ staged: StagedAmp; amp: AmpProbe }> {
  for (let tried = 1; ; tried++) {
    let staged = await route.stage(context, wanted, log);
    const prove = () => proveAmp(staged.path, route, context.env);
    try {
      const amp = await prove().catch(async (error) => {
        if (!staged.elsewhere) throw error;
        staged = await staged.elsewhere();
        return prove();
      });
      return { staged, amp };
    } catch (error) {
      await staged.cleanUp();
      if (tried >= route.tries) throw error;
      log.warn(`${reasonOf(error)} Installing once more.`);
    }
  }
}

/** Runs a freshly installed Amp: an install that "worked" can still have left a stub. */
async function proveAmp(path: string, { fix }: AmpRoute, env: NodeJS.ProcessEnv): Promise<AmpProbe> {
  try {
    return await probeAmp(path, { env });
  } catch (cause) {
    const output =
      cause instanceof AmpProbeError && cause.output ? ` It printed: ${cause.output.trim()}` : "";
    throw new ModuleError(`The installed Amp does not run: ${reasonOf(cause)}.${output}`, fix, { cause });
  }
}

function otherVersion(version: string, wanted: string): ModuleError {
  return new ModuleError(
    `Amp ${version} was installed although amp_version asks for ${wanted}.`,
    "Check that this version exists and that amp_installer_url or npm_registry_url offers it.",
  );
}

/** Every Amp that runs, in order of preference. A cached probe that fits ends the search: then nothing is run. */
async function workingAmps({ config, paths, env }: AmpContext, log: Log): Promise<AmpProbe[]> {
  const cache = ampProbeCache(paths.ampProbe);
  const wanted = pinnedVersion(config.amp_version);
  const found = findAmps(ampSearch({ paths, env }));
  const known = found.map((path) => cache.read(path)).find((probe) => probe !== undefined);
  // A path that the user names goes before one that is merely known.
  const named = namedAmp(env);
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
function remember(amp: AmpProbe, { paths }: AmpContext): AmpProbe {
  ampProbeCache(paths.ampProbe).write(amp);
  return amp;
}
