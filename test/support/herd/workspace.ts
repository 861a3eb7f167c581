import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reasonOf } from "../../../src/base/errors.ts";
import { openLog } from "../../../src/base/log.ts";
import { createRedact } from "../../../src/base/redact.ts";
import { ensureAgentapi } from "../../../src/install/agentapi/ensure.ts";
import { ensureAmp } from "../../../src/install/amp/ensure.ts";
import { modulePaths } from "../../../src/paths.ts";
import { runAsAgent } from "../run-script.ts";

/** A workspace, as far as downloads are concerned. */
export interface HerdWorkspace {
  home: string;
  /** Sees to both programs as a start does, side by side. @returns what failed, "" if nothing did */
  start(): Promise<string>;
  /** The same where there is no JavaScript runtime: the launcher sees to Amp, which has one inside. */
  launch(): Promise<string>;
  log(): Promise<string>;
  dispose(): Promise<void>;
}

export interface HerdPlace {
  /** The mirror's, of this workspace alone. */
  url: string;
  /** AgentAPI's. */
  release: string;
  /** The launcher's text. */
  launcher: string;
  /** PATH: no JavaScript runtime and no AgentAPI of this machine's. */
  tools: string;
  /** Folder in which an image brings both programs. */
  prebaked?: string | undefined;
}

export async function herdWorkspace({
  url,
  release,
  launcher,
  tools,
  prebaked,
}: HerdPlace): Promise<HerdWorkspace> {
  const home = await mkdtemp(join(tmpdir(), "amp-module-herd-"));
  const paths = { ...modulePaths(join(home, ".amp-module"), home), ...(prebaked && { prebaked }) };
  for (const folder of [paths.bin, paths.state]) await mkdir(folder, { recursive: true });
  const scale = process.env["AMP_MODULE_RETRY_SCALE"] ?? "1";
  const env = { HOME: home, PATH: tools, HERD_URL: url, AMP_MODULE_RETRY_SCALE: scale };
  const now = () => new Date();
  const redact = createRedact(env);
  const config = {
    install_amp: true,
    install_via_npm: false,
    amp_version: "",
    amp_update_check_hours: 24,
    amp_installer_url: `${url}/install.sh`,
    npm_registry_url: "",
    install_agentapi: true,
    agentapi_version: release,
    agentapi_download_url: url,
    agentapi_sha256: "",
  };
  const context = { config, paths, env, now, redact };
  return {
    home,
    async start() {
      const log = openLog({ path: paths.installLog, level: "info", redact, now, rotate: true });
      const results = await Promise.allSettled([ensureAmp(context, log), ensureAgentapi(context, log)]);
      log.close();
      return results
        .flatMap((result) => (result.status === "rejected" ? [reasonOf(result.reason)] : []))
        .join("; ");
    },
    async launch() {
      await writeFile(paths.loader, "");
      await writeFile(paths.bundle, "");
      await writeFile(paths.launcher, launcher);
      const given = { ...env, AMP_MODULE_INSTALLER_URL_BASE64: btoa(config.amp_installer_url) };
      const result = await runAsAgent(["sh", paths.launcher, "start"], {
        cwd: home,
        env: given,
        timeoutMs: 900_000,
      });
      return result.exitCode === 0 ? "" : result.stderr;
    },
    log: () => readFile(paths.installLog, "utf8"),
    dispose: () => rm(home, { recursive: true, force: true }),
  };
}
