import { dismissWelcomeTour } from "../amp/first-run.ts";
import type { AmpProbe } from "../amp/probe.ts";
import { missingCertificateFiles } from "../base/certificates.ts";
import type { Log } from "../base/log.ts";
import type { Context } from "../context.ts";
import { ensureAgentapi } from "./agentapi/ensure.ts";
import type { AgentapiProbe } from "./agentapi/probe.ts";
import { ensureAmp } from "./amp/ensure.ts";
import { linkCommands } from "./command-links.ts";
import { logAmp, logFindings } from "./findings.ts";
import { writeInstructions } from "./instructions.ts";
import { removeGuards, removeLeftovers } from "./leftovers.ts";
import { applyManagedSettings } from "./managed-settings.ts";
import { applySettings } from "./settings/apply.ts";
import { writeStatusPlugin } from "./status-plugin.ts";
import { withUserFiles } from "./user-files.ts";
import { runUserScript } from "./user-script.ts";

/** The two programs that a start needs. */
export interface Installed {
  amp: AmpProbe;
  /** Undefined if enable_agentapi is false. */
  agentapi: AgentapiProbe | undefined;
}

/**
 * Brings the workspace to what the template asks for: pre script; Amp, AgentAPI and settings side by side;
 * instructions; post script. What is there already is left alone.
 *
 * @throws ModuleError for the first part that failed; the other parts are finished first, so that none is left half done
 */
export async function install(context: Context, log: Log): Promise<Installed> {
  const { paths, config } = context;
  for (const warning of config.warnings) log.warn(warning);
  logFindings(context, log);
  removeLeftovers(paths);
  for (const missing of missingCertificateFiles(context.env)) log.warn(missing);
  const done = stepTeller(log);
  await done(
    () => runUserScript("pre_install_script", context, log),
    (hasRun) => hasRun && "pre_install_script",
  );
  const [amp, agentapi, settings, managed] = await Promise.allSettled([
    done(
      () => ensureAmp(context, log),
      ({ version, path }) => `Amp ${version} in ${path}`,
    ),
    config.enable_agentapi
      ? done(
          () => ensureAgentapi(context, log),
          ({ version, path }) => `AgentAPI ${version} in ${path}`,
        )
      : undefined,
    done(
      () => applySettings(context, log),
      () => `Settings in ${paths.ampSettings}`,
    ),
    applyManagedSettings(context, log),
  ]);
  for (const result of [agentapi, settings, managed]) {
    // The first failure is thrown; the others must not get lost.
    if (amp.status === "rejected" && result.status === "rejected") log.failure(result.reason);
  }
  const installed = { amp: settledValue(amp), agentapi: settledValue(agentapi) };
  settledValue(settings);
  settledValue(managed);
  logAmp(installed.amp, log);
  await withUserFiles(context, log, () => {
    removeGuards(paths.userLock);
    linkCommands(context, { amp: installed.amp.path, agentapi: installed.agentapi?.path }, log);
    writeInstructions(context, log);
    writeStatusPlugin(context, log);
    // Without AgentAPI a person sits in front of Amp, and the stream has no screen.
    if (config.enable_agentapi && config.transport === "terminal")
      dismissWelcomeTour(paths.ampSession, context.now, log);
  });
  await done(
    () => runUserScript("post_install_script", context, log),
    (hasRun) => hasRun && "post_install_script",
  );
  return installed;
}

/** Tells of each step that is done, and how long it took; `describe` returns false for one that there was not. */
function stepTeller(log: Log) {
  return async <T>(step: () => Promise<T>, describe: (result: T) => string | false): Promise<T> => {
    const started = performance.now();
    const result = await step();
    const text = describe(result);
    if (text !== false) log.tell(`${text} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    return result;
  };
}

function settledValue<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "rejected") throw result.reason;
  return result.value;
}
