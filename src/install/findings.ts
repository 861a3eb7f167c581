import { findAmps } from "../amp/find.ts";
import type { AmpProbe } from "../amp/probe.ts";
import type { Log } from "../base/log.ts";
import { describeRuntime } from "../base/runtime.ts";
import type { Context } from "../context.ts";
import { ampSearch } from "../paths.ts";
import { findAgentapis } from "./agentapi/find.ts";
import { sinceUpdateCheck } from "./update-check.ts";

/** Variables of the environment that change what an install or Amp does. Of these only the names are logged. */
const TELLING =
  /^(AMP_\w+|SOURCEGRAPH_AMP_\w+|(https?|all|no)_proxy|ssl_cert_file|node_extra_ca_certs|npm_config_\w+|xdg_\w+_home)$/i;

/** For `log_level = "debug"`: what the decisions of this start are made from. */
export function logFindings({ config, paths, env, now }: Context, log: Log): void {
  if (config.log_level !== "debug") return;
  const amps = findAmps(ampSearch({ paths, env }));
  const sinceCheck = sinceUpdateCheck({ paths, now });
  log.debug(
    `Runtime: ${describeRuntime()}; AMP_MODULE_RUNTIME is ${env["AMP_MODULE_RUNTIME"] ?? "not set"}.`,
  );
  log.debug(`Home: ${paths.home}; module directory: ${paths.moduleDir}; workdir: ${config.workdir}.`);
  log.debug(`PATH: ${env["PATH"] ?? "not set"}`);
  log.debug(`Set in the environment: ${listed(Object.keys(env).filter((name) => TELLING.test(name)))}.`);
  log.debug(`Amp, the first that fits is taken: ${listed(amps)}.`);
  log.debug(
    sinceCheck === undefined
      ? "A newer Amp was never looked for."
      : `A newer Amp was looked for ${Math.round(sinceCheck / 60_000)} min ago; amp_update_check_hours is ${config.amp_update_check_hours}.`,
  );
  log.debug(`AgentAPI, the first that fits is taken: ${listed(findAgentapis(paths, env))}.`);
}

/** For `log_level = "debug"`: what is known of the Amp that was chosen. */
export function logAmp({ path, version, modes, flags }: AmpProbe, log: Log): void {
  log.debug(`Amp ${version} in ${path}; its modes: ${listed(modes)}; its flags: ${listed(flags)}.`);
}

function listed(names: readonly string[]): string {
  return names.length > 0 ? names.join(", ") : "none";
}
