import { arch, platform } from "node:os";
import { certificateFix } from "../../base/certificates.ts";
import { DownloadError, download, withoutCredentials } from "../../base/download.ts";
import { ModuleError, reasonOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { type Config, pinnedVersion } from "../../config.ts";
import type { Paths } from "../../paths.ts";
import { type AgentapiWishes, planAgentapi } from "../plan.ts";
import { downloadProgress } from "../progress.ts";
import { findAgentapis } from "./find.ts";
import { type AgentapiProbe, agentapiCache, probeAgentapi } from "./probe.ts";
import { type Published, publishedDigest } from "./published-digest.ts";
import { releaseUrl } from "./release.ts";

/** What it takes to see to AgentAPI; a command's whole context has it all. */
export interface AgentapiContext {
  config: AgentapiWishes & Pick<Config, "agentapi_download_url">;
  paths: Pick<Paths, "agentapi" | "agentapiProbe" | "prebaked">;
  env: NodeJS.ProcessEnv;
}

/**
 * Sees to it that AgentAPI is there in the wanted version: the module's own in `bin/`, one on PATH, or a download.
 * If the download fails, one that worked before is used, with a warning.
 *
 * @throws ModuleError if there is none in the end
 */
export async function ensureAgentapi(context: AgentapiContext, log: Log): Promise<AgentapiProbe> {
  const plan = planAgentapi(context.config, await workingAgentapis(context, log));
  log.info(`${plan.reason}.`);
  if (plan.action === "keep") {
    agentapiCache(context.paths.agentapiProbe).write(plan.program);
    return plan.program;
  }
  try {
    return await install(context, log);
  } catch (error) {
    if (!plan.fallback) throw error;
    const { version, path } = plan.fallback;
    log.warn(`AgentAPI ${version} in ${path} stays in use. ${reasonOf(error)}`);
    if (error instanceof ModuleError) log.warn(`To fix it: ${error.fix}`);
    return plan.fallback;
  }
}

async function install({ config, paths, env }: AgentapiContext, log: Log): Promise<AgentapiProbe> {
  const started = performance.now();
  const url = releaseUrl(config.agentapi_download_url, config.agentapi_version, platform(), arch());
  const published = config.agentapi_sha256 === "" ? await publishedDigest(url, env) : undefined;
  if (published?.trouble !== undefined) {
    log.warn(
      `AgentAPI: the digest published in ${withoutCredentials(published.source)} cannot be read (${published.trouble}): ` +
        "the download is not compared with it. Set agentapi_sha256, which needs none to be published.",
    );
  }
  let proved = { version: "", sha256: "" };
  try {
    await download(url, paths.agentapi, {
      mode: 0o755,
      env,
      sha256: config.agentapi_sha256 || published?.digest,
      ...downloadProgress("AgentAPI", log),
      prove: async (temporary, digest) => {
        proved = await probeAgentapi(temporary, env, undefined, digest);
        const { version } = proved;
        const wanted = pinnedVersion(config.agentapi_version);
        if (wanted && version !== wanted)
          throw new Error(`the file answers as version ${version}, not ${wanted}`);
      },
    });
  } catch (cause) {
    const reason = reasonOf(cause);
    // A download's error names its address already.
    const where = cause instanceof DownloadError ? "" : `${withoutCredentials(url)}: `;
    throw new ModuleError(
      `AgentAPI could not be installed from ${where}${reason}.`,
      fixFor(cause, env, published),
      {
        cause,
      },
    );
  }
  const agentapi = { ...proved, path: paths.agentapi };
  agentapiCache(paths.agentapiProbe).write(agentapi);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  log.info(`AgentAPI: installed ${agentapi.version} in ${agentapi.path} (${seconds} s).`);
  return agentapi;
}

function fixFor(cause: unknown, env: NodeJS.ProcessEnv, published: Published | undefined): string {
  if (cause instanceof DownloadError && cause.status === 404) {
    return "Check agentapi_version, and that the mirror in agentapi_download_url has this release.";
  }
  if (reasonOf(cause).includes("checksum") && published) {
    return (
      `The file and the digest in ${withoutCredentials(published.source)} do not belong together: correct the mirror, or ` +
      "set agentapi_sha256 to this version's digest if the published one is wrong. The file was not installed."
    );
  }
  if (reasonOf(cause).includes("checksum")) {
    return "Check agentapi_sha256: it must be the digest of this version's file for this system. The file was not installed.";
  }
  return (
    certificateFix(reasonOf(cause), env) ??
    "Check the workspace's network, proxy and disk, set agentapi_download_url to a mirror, or put agentapi on PATH."
  );
}

/** Every AgentAPI that runs, the module's own first. A cached probe that fits ends the search: then nothing is run. */
async function workingAgentapis({ config, paths, env }: AgentapiContext, log: Log): Promise<AgentapiProbe[]> {
  const candidates = findAgentapis(paths, env);
  const cache = agentapiCache(paths.agentapiProbe);
  const known = candidates.map((path) => cache.read(path)).find((probe) => probe !== undefined);
  if (known && isFitting(known, config)) return [known];
  const working: AgentapiProbe[] = [];
  for (const path of candidates) {
    try {
      working.push(await probeAgentapi(path, env));
    } catch (error) {
      log.warn(`${path} does not run (${reasonOf(error)}).`);
    }
  }
  return working;
}

function isFitting(agentapi: AgentapiProbe, config: AgentapiWishes): boolean {
  const wanted = pinnedVersion(config.agentapi_version) ?? agentapi.version;
  return agentapi.version === wanted && ["", agentapi.sha256].includes(config.agentapi_sha256.toLowerCase());
}
