import type { Context } from "../context.ts";
import { CommandStatus } from "../status/of-commands.ts";
import { crashIn } from "./crash.ts";
import { diagnose } from "./diagnosis.ts";
import { lastRunIn, readTail } from "./evidence.ts";
import { serverName } from "./process.ts";

/**
 * Writes to agentapi-start.log why AgentAPI or Amp ended for the last time, in the words of a failed start, and what to
 * do. The supervisor calls it when it gives up: it cannot read the log itself.
 *
 * @param exitCode of AgentAPI
 */
export async function explainEnd(context: Context, exitCode: number): Promise<void> {
  const { config, paths, openLog } = context;
  const output = lastRunIn(readTail(paths.startLog));
  const told = diagnose({ output, screen: "", ending: undefined, modes: [] }, config);
  const cause = told.kind === "unknown" ? crashIn(output, exitCode) : { what: told.summary, fix: told.fix };
  const log = openLog(paths.startLog, { rotate: false, quiet: true });
  if (cause)
    log.error(`The cause of the last end: ${cause.what.replace(/^AgentAPI\b/, serverName(config))}.`);
  const first = cause?.fix.replace(/\.?$/, ".") ?? "Read the lines above for the reason.";
  log.error(`To fix it: ${first} Then run "amp-module start" or restart the workspace.`);
  // The cause and the fix stay the log's last lines.
  const status = new CommandStatus(context, undefined, log.debug);
  status.failed(new Error(`Amp ended again and again: ${cause?.what ?? "see agentapi-start.log"}`));
  await status.finish();
  log.close();
}
