import type { Context } from "../context.ts";
import { crashIn } from "./crash.ts";
import { diagnose } from "./diagnosis.ts";
import { lastRunIn, readTail } from "./evidence.ts";

/**
 * Writes to agentapi-start.log why AgentAPI or Amp ended for the last time, in the words of a failed start, and what to
 * do. The supervisor calls it when it gives up: it cannot read the log itself.
 *
 * @param exitCode of AgentAPI
 */
export function explainEnd({ config, paths, openLog }: Context, exitCode: number): void {
  const output = lastRunIn(readTail(paths.startLog));
  const told = diagnose({ output, screen: "", ending: undefined, modes: [] }, config);
  const cause = told.kind === "unknown" ? crashIn(output, exitCode) : { what: told.summary, fix: told.fix };
  const log = openLog(paths.startLog, { rotate: false, quiet: true });
  if (cause) log.error(`The cause of the last end: ${cause.what}.`);
  const first = cause?.fix.replace(/\.?$/, ".") ?? "Read the lines above for the reason.";
  log.error(`To fix it: ${first} Then run "amp-module start" or restart the workspace.`);
  log.close();
}
