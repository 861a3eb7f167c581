import { Argument, type Command, InvalidArgumentError } from "commander";
import { createRedact } from "../base/redact.ts";
import type { Context } from "../context.ts";
import { LOG_NAMES, type LogName } from "../operate/logs/files.ts";
import { showLogs } from "../operate/logs/show.ts";
import { painter } from "../operate/style.ts";
import type { Paths } from "../paths.ts";
import { FrontCommand } from "./front.ts";
import { untilSignal } from "./interrupt.ts";

interface Flags {
  follow?: true;
  lines: number;
  previous?: true;
}

const DETAILS = `
Without a name: all of the module's logs, by time. "amp" is Amp's own log; what
Amp prints under AgentAPI is in "start".

Examples:
  $ amp-module logs
  $ amp-module logs start -f
  $ amp-module logs install --previous -n 100`;

/** `amp-module logs`. */
export function logsCommand(locate: () => Paths, context: () => Context): Command {
  return new FrontCommand("logs", "show what was logged: install, start, stop, your own scripts, Amp")
    .addArgument(new Argument("[log]", "which one").choices(LOG_NAMES))
    .option("-f, --follow", "follow what comes, also in a new file; Ctrl-C ends it")
    .option("-n, --lines <number>", "so many of the last lines", count, 50)
    .option("--previous", "the logs of the run before")
    .addHelpText("after", DETAILS)
    .action(async (name: LogName | undefined, { follow, lines, previous }: Flags) => {
      process.stdout.on("error", () => process.exit());
      await showLogs({
        paths: locate(),
        env: process.env,
        ...{ name, lines, previous: previous === true, follow: follow === true },
        isRunner: isRunner(context),
        paint: painter(process.stdout, process.env),
        now: () => new Date(),
        redact: redactOf(context),
        write: (line) => void process.stdout.write(`${line}\n`),
        signal: untilSignal(),
      });
    });
}

/** The logs are worth reading above all if config.json is of no use. */
function redactOf(context: () => Context): (text: string) => string {
  try {
    return context().redact;
  } catch {
    return createRedact(process.env);
  }
}

function isRunner(context: () => Context): boolean {
  try {
    return context().config.transport === "runner";
  } catch {
    return false;
  }
}

function count(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError("Want a number of lines.");
  return Number(text);
}
