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
import { applySettings } from "./settings/apply.ts";
import { withUserFiles } from "./user-files.ts";
import { runUserScript } from "./user-script.ts";

/** The two programs that a start needs. */
export interface Installed {
  amp: AmpProbe;
  /** Undefined where enable_agentapi is false. */
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
  const steps = new Stopwatch();
  await steps.time("pre_install_script", () => runUserScript("pre_install_script", context, log));
  const [amp, agentapi, settings] = await Promise.allSettled([
    steps.time("Amp", () => ensureAmp(context, log)),
    config.enable_agentapi ? steps.time("AgentAPI", () => ensureAgentapi(context, log)) : undefined,
    steps.time("settings", () => applySettings(context, log)),
  ]);
  for (const result of [agentapi, settings]) {
    // The first failure is thrown; the others must not get lost.
    if (amp.status === "rejected" && result.status === "rejected") log.failure(result.reason);
  }
  const installed = { amp: settledValue(amp), agentapi: settledValue(agentapi) };
  settledValue(settings);
  logAmp(installed.amp, log);
  await withUserFiles(context, log, () => {
    removeGuards(paths.userLock);
    linkCommands(context, { amp: installed.amp.path, agentapi: installed.agentapi?.path }, log);
    writeInstructions(context, log);
    // Without AgentAPI a person sits in front of Amp, and the stream has no screen.
    if (config.enable_agentapi && config.transport === "terminal")
      dismissWelcomeTour(paths.ampSession, context.now, log);
  });
  await steps.time("post_install_script", () => runUserScript("post_install_script", context, log));
  log.info(`Install steps, in the order in which they ended: ${steps.summary()}.`);
  return installed;
}

class Stopwatch {
  readonly #durations: string[] = [];

  async time<T>(name: string, step: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const result = await step();
    this.#durations.push(`${name} ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return result;
  }

  summary(): string {
    return this.#durations.join(", ");
  }
}

function settledValue<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "rejected") throw result.reason;
  return result.value;
}
