import { CoderSync } from "../base/coder-sync.ts";
import { echoToTerminal } from "../base/log.ts";
import type { Context } from "../context.ts";
import { readKeptThread } from "../conversation/thread.ts";
import type { Installed } from "../install/install.ts";
import { describePrograms } from "../start/programs.ts";
import { startRunner } from "../start/runner.ts";
import { prepareSession } from "../start/session.ts";
import { start } from "../start/start.ts";
import { CommandStatus } from "../status/of-commands.ts";
import { runInstall } from "./install.ts";
import { markShown } from "./logged.ts";

/** `amp-module start`: what is missing is installed first. Its own log is `agentapi-start.log`. */
export async function runStart(context: Context): Promise<void> {
  const sync = new CoderSync(context.env);
  const [installing, starting] = syncUnits(context.config.app_slug);
  const began = performance.now();
  const status = new CommandStatus(context, readKeptThread(context.paths), logLater(context));
  try {
    sync.start(installing);
    const installed = await runInstall(status.installing(context));
    status.installed();
    sync.complete(installing);
    sync.start(starting);
    await startWith(context, installed);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    echoToTerminal(`${resultOf(context, installed)}, ${seconds} s`, "info", "✓");
  } catch (error) {
    status.failed(error);
    throw error;
  } finally {
    // Also after a failure: who waits for us must not wait for ever.
    sync.complete(installing);
    sync.complete(starting);
    await Promise.all([sync.flush(), status.finish()]);
  }
}

/** For what comes beside the work, whichever log is open then. */
function logLater({ paths, openLog }: Context): (line: string) => void {
  return (line) => {
    const log = openLog(paths.installLog, { rotate: false, quiet: true });
    log.info(line);
    log.close();
  };
}

/** The names under which other scripts can wait for this one; the Terraform output `scripts` lists the same. */
function syncUnits(slug: string): [install: string, start: string] {
  return [`${slug}-install`, `${slug}-start`];
}

/** The last line of the script's output, such as `Amp 0.0.… answers on port 3284, thread T-…`. */
function resultOf({ config, paths }: Context, { amp, agentapi }: Installed): string {
  if (config.transport === "runner") return `Amp ${amp.version} is a runner in ${config.workdir}`;
  const thread = readKeptThread(paths);
  return [
    agentapi
      ? `Amp ${amp.version} answers on port ${config.agentapi_port}`
      : `Amp ${amp.version} is ready for the terminal`,
    ...(thread === undefined ? [] : [`thread ${thread}`]),
  ].join(", ");
}

async function startWith(context: Context, { amp, agentapi }: Installed): Promise<void> {
  const openLog = (options: { rotate: boolean }) => {
    const log = context.openLog(context.paths.startLog, options);
    if (options.rotate) for (const line of describePrograms(context.paths, amp, agentapi)) log.info(line);
    return log;
  };
  try {
    if (context.config.transport === "runner") await startRunner(context, amp, openLog);
    else if (agentapi) await start(context, { amp, agentapi }, openLog);
    else await prepareSession(context, amp, openLog);
  } catch (error) {
    markShown(error);
    throw error;
  }
}
