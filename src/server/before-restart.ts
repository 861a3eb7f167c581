import type { Context } from "../context.ts";
import { expandHome } from "../paths.ts";
import { refuseUntrusted } from "../project-trust.ts";
import { CommandStatus } from "../status/of-commands.ts";
import { endLeftAgents } from "./end-left-agents.ts";
import { letUnansweredContinue } from "./unanswered.ts";

/** The supervisor ends on it instead of starting AgentAPI again. */
const REFUSED = 3;

/**
 * What the supervisor has done before it starts AgentAPI again: what the last one has left is ended, a chat
 * without its first answer can continue, and a project that has got settings or plugins since is refused as at a start.
 */
export async function beforeRestart(context: Context): Promise<void> {
  const { config, paths, openLog } = context;
  await endLeftAgents(context);
  letUnansweredContinue(paths.savedState);
  try {
    refuseUntrusted(config, paths, expandHome(config.workdir, paths.home));
  } catch (error) {
    process.exitCode = REFUSED;
    const log = openLog(paths.startLog, { rotate: false, quiet: true });
    log.failure(error);
    const status = new CommandStatus(context, undefined, log.debug);
    status.failed(error);
    await status.finish();
    log.close();
  }
}
