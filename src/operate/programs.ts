import { findAmps } from "../amp/find.ts";
import { ampProbeCache, probeAmp } from "../amp/probe.ts";
import { ModuleError, reasonOf } from "../base/errors.ts";
import { pinnedVersion } from "../config.ts";
import type { Context } from "../context.ts";
import { findAgentapis } from "../install/agentapi/find.ts";
import { probeAgentapi } from "../install/agentapi/probe.ts";
import { type Decision, planAgentapi, planAmp } from "../install/plan.ts";
import { ampSearch } from "../paths.ts";
import type { Finding } from "./finding.ts";

const INSTALL = "Run `amp-module install`.";

/** Amp as the install would find it and decide about it, so that both always say the same. */
export async function examineAmp({ config, paths, env }: Context): Promise<Finding> {
  const cache = ampProbeCache(paths.ampProbe);
  const wanted = pinnedVersion(config.amp_version);
  const found = findAmps(ampSearch({ paths, env }));
  // Only read: the cache holds one probe, that of the Amp which the next start takes.
  const probe = async (path: string) => cache.read(path) ?? probeAmp(path, { env });
  const seen = await tryEach(found, probe, (amp) => wanted === undefined || amp.version === wanted);
  const decide = () => planAmp(config, { working: seen.working, sinceCheckMs: undefined });
  const installs = config.install_amp ? undefined : "install_amp";
  return judge("Amp", seen, decide, wanted, installs);
}

/** AgentAPI in the same way. */
export async function examineAgentapi({ config, paths, env }: Context): Promise<Finding> {
  if (!config.enable_agentapi) return { state: "ok", text: "AgentAPI: not wanted, enable_agentapi is false" };
  const probe = (path: string) => probeAgentapi(path, env);
  const seen = await tryEach(findAgentapis(paths, env), probe, () => false);
  const decide = () => planAgentapi(config, seen.working);
  const installs = config.install_agentapi ? undefined : "install_agentapi";
  return judge("AgentAPI", seen, decide, pinnedVersion(config.agentapi_version), installs);
}

interface Program {
  path: string;
  version: string;
}

interface Seen<P> {
  working: P[];
  /** A line for each that does not run. */
  broken: string[];
}

/** Runs one after the other until one fits. */
async function tryEach<P>(
  paths: readonly string[],
  probe: (path: string) => Promise<P>,
  isFitting: (program: P) => boolean,
): Promise<Seen<P>> {
  const seen: Seen<P> = { working: [], broken: [] };
  for (const path of paths) {
    try {
      const program = await probe(path);
      seen.working.push(program);
      if (isFitting(program)) break;
    } catch (error) {
      seen.broken.push(`${path} does not run: ${reasonOf(error)}`);
    }
  }
  return seen;
}

/** @param forbidden the variable that keeps the module from installing it, undefined where it may */
function judge<P extends Program>(
  name: string,
  { working, broken }: Seen<P>,
  decide: () => Decision<P>,
  wanted: string | undefined,
  forbidden: string | undefined,
): Finding {
  try {
    const decision = decide();
    const program = decision.action === "keep" ? decision.program : decision.fallback;
    if (!program) {
      const other = working[0] && `${working[0].path} has not the checksum in agentapi_sha256`;
      return { state: "wrong", text: `${name}: ${other ?? broken[0] ?? "not found"}`, fix: INSTALL };
    }
    const text = `${name}: ${program.version} in ${program.path}`;
    if (wanted === undefined || program.version === wanted) return { state: "ok", text };
    const fix = forbidden ? `Set ${forbidden} = true, or put ${wanted} into the workspace image.` : INSTALL;
    return { state: "note", text: `${text}, wanted ${wanted}`, fix };
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error;
    return {
      state: "wrong",
      text: [`${name}: ${error.message}`, ...broken].join("\n       "),
      fix: error.fix,
    };
  }
}
