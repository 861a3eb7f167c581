import { arch, platform } from "node:os";
import { type Config, pinnedVersion } from "../../config.ts";
import type { Context } from "../../context.ts";
import { ModuleError, reasonOf } from "../../errors.ts";
import { DownloadError, download } from "../../system/download.ts";
import { findOnPath, isExecutable } from "../../system/executables.ts";
import type { Log } from "../../system/log.ts";
import { downloadProgress } from "../progress.ts";
import { type AgentapiProbe, cachedAgentapi, probeAgentapi, rememberAgentapi } from "./probe.ts";
import { releaseUrl } from "./release.ts";

/**
 * Sees to it that AgentAPI is there in the wanted version: the module's own in `bin/`, one on PATH, or a download.
 * Where the download fails, one that worked before is used, with a warning.
 *
 * @throws ModuleError where there is none in the end
 */
export async function ensureAgentapi(context: Context, log: Log): Promise<AgentapiProbe> {
  const { config, paths } = context;
  const present = await workingAgentapis(context, log);
  const fitting = present.find((agentapi) => isWanted(agentapi, config));
  if (fitting) {
    log.info(`AgentAPI: ${fitting.version} in ${fitting.path}, wanted ${config.agentapi_version}: keep.`);
    rememberAgentapi(fitting, paths.agentapiProbe);
    return fitting;
  }
  const [fallback] = present;
  if (!config.install_agentapi) return notInstalled(fallback, config, log);

  const found = fallback ? `found ${fallback.version}` : "not found";
  log.info(`AgentAPI: ${found}, wanted ${config.agentapi_version}: download.`);
  try {
    return await install(context, log);
  } catch (error) {
    if (!fallback) throw error;
    log.warn(`AgentAPI: ${reasonOf(error)} So ${fallback.version} in ${fallback.path} goes on being used.`);
    return fallback;
  }
}

async function install({ config, paths, env }: Context, log: Log): Promise<AgentapiProbe> {
  const started = performance.now();
  const url = releaseUrl(config.agentapi_download_url, config.agentapi_version, platform(), arch());
  try {
    await download(url, paths.agentapi, {
      mode: 0o755,
      env,
      ...(config.agentapi_sha256 ? { sha256: config.agentapi_sha256 } : {}),
      ...downloadProgress("AgentAPI", log),
      prove: async (temporary) => {
        const { version } = await probeAgentapi(temporary, env);
        const wanted = pinnedVersion(config.agentapi_version)?.replace(/^v/, "");
        if (wanted && version !== wanted)
          throw new Error(`the file answers as version ${version}, not ${wanted}`);
      },
    });
  } catch (cause) {
    throw new ModuleError(`AgentAPI could not be installed from ${url}: ${reasonOf(cause)}.`, fixFor(cause), {
      cause,
    });
  }
  const agentapi = await probeAgentapi(paths.agentapi, env);
  rememberAgentapi(agentapi, paths.agentapiProbe);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  log.info(`AgentAPI: installed ${agentapi.version} in ${agentapi.path} (${seconds} s).`);
  return agentapi;
}

function fixFor(cause: unknown): string {
  if (cause instanceof DownloadError && cause.status === 404) {
    return "Check agentapi_version, and that the mirror in agentapi_download_url has this release.";
  }
  if (reasonOf(cause).includes("checksum")) {
    return "Check agentapi_sha256: it must be the digest of this version's file for this system. The file was not installed.";
  }
  return "Check the workspace's network, proxy and disk, set agentapi_download_url to a mirror, or put agentapi on PATH.";
}

/** Every AgentAPI that runs, the module's own first. A cached probe that fits ends the search: then nothing is run. */
async function workingAgentapis({ config, paths, env }: Context, log: Log): Promise<AgentapiProbe[]> {
  const own = isExecutable(paths.agentapi) ? [paths.agentapi] : [];
  const candidates = [...own, findOnPath("agentapi", env) ?? []].flat();
  const known = candidates.map((path) => cachedAgentapi(path, paths.agentapiProbe)).find((probe) => !!probe);
  if (known && isWanted(known, config)) return [known];
  const working: AgentapiProbe[] = [];
  for (const path of new Set(candidates)) {
    try {
      working.push(await probeAgentapi(path, env));
    } catch (error) {
      log.warn(`AgentAPI: ${path} does not run (${reasonOf(error)}).`);
    }
  }
  return working;
}

function isWanted(agentapi: AgentapiProbe, config: Config): boolean {
  const wanted = pinnedVersion(config.agentapi_version)?.replace(/^v/, "");
  if (config.agentapi_sha256 && agentapi.sha256 !== config.agentapi_sha256.toLowerCase()) return false;
  return wanted === undefined || agentapi.version === wanted;
}

function notInstalled(agentapi: AgentapiProbe | undefined, config: Config, log: Log): AgentapiProbe {
  if (!agentapi) {
    throw new ModuleError(
      "No working AgentAPI was found (module directory, PATH), and install_agentapi is false.",
      "Set install_agentapi = true, or add agentapi to the workspace image.",
    );
  }
  if (config.agentapi_sha256 && agentapi.sha256 !== config.agentapi_sha256.toLowerCase()) {
    throw new ModuleError(
      `${agentapi.path} has sha256 ${agentapi.sha256}, not the one in agentapi_sha256.`,
      "Correct agentapi_sha256, replace the binary, or set install_agentapi = true.",
    );
  }
  log.warn(
    `AgentAPI: ${agentapi.version} in ${agentapi.path} is used; agentapi_version asks for ${config.agentapi_version}, but install_agentapi is false.`,
  );
  return agentapi;
}
