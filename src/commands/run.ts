import { type Command, InvalidArgumentError, Option } from "commander";
import type { ExecuteOptions } from "../amp/options.ts";
import { isThread } from "../amp/thread-id.ts";
import { parseDuration } from "../run/duration.ts";
import { type RunOptions, runPrompt } from "../run/run.ts";
import { collect, FrontCommand, LooseOption } from "./front.ts";

const DEFAULT_TIMEOUT = "5m";

/** What commander makes of the options below. */
interface Flags {
  json?: true;
  mode?: string;
  continue?: string;
  label?: string[];
  timeout: number;
  cwd?: string;
  allow?: string[];
  reject?: string[];
}

const DETAILS = `
Text goes to stdout, progress to stderr if that is a terminal. With --json
each line of stdout is one event of Amp's stream JSON, as Amp wrote it. Amp's
own settings and key are used: ~/.config/amp/settings.json, AMP_API_KEY. What a
permission rule asks for is refused and said on stderr: nobody can be asked.

Exit codes: 0 done, 1 failed, 2 wrong usage, 124 timeout, 130 interrupted.

Examples:
  $ amp-module run "Update the changelog"
  $ git diff | amp-module run - --reject Bash
  $ amp-module run "And now the tests" --continue --timeout 20m
  $ amp-module run "List the TODOs" --json |
      jq -r 'select(.type == "result").result'`;

/**
 * The `run` command.
 *
 * @param defaults where Amp is, and what the flags do not say; asked only when the command runs
 */
export function runCommand(defaults: () => ExecuteOptions = () => ({})): Command {
  return new FrontCommand("run", "give Amp one prompt, without a screen, and print what it answers")
    .argument("[prompt]", 'the prompt; "-" or nothing reads it from stdin')
    .option("--json", "print Amp's events instead of text")
    .option("-m, --mode <mode>", 'agent mode, one of those in "amp --help"')
    .addOption(
      new LooseOption(
        "-c, --continue [thread]",
        "continue a thread (T-… or its URL); the last one if none is named",
        isThread,
      ),
    )
    .option("-l, --label <label>", "label for the thread, may be repeated", collect)
    .addOption(
      new Option("-t, --timeout <time>", "end Amp after this time: 90, 90s, 5m, 1h; 0 for never")
        .argParser(duration)
        .default(duration(DEFAULT_TIMEOUT), DEFAULT_TIMEOUT),
    )
    .option("-C, --cwd <folder>", "folder to work in")
    .option("--allow <tool>", "allow a tool without asking, may be repeated", collect)
    .option("--reject <tool>", "refuse a tool, may be repeated; stronger than --allow", collect)
    .addHelpText("after", DETAILS)
    .action(async (prompt: string | undefined, flags: Flags) => {
      const { json = false, mode, cwd, label: labels = [], allow = [], reject = [] } = flags;
      const runOptions: RunOptions = {
        ...defaults(),
        ...(prompt !== undefined && { prompt }),
        json,
        ...(mode !== undefined && { mode }),
        ...(flags.continue !== undefined && { continueThread: flags.continue || true }),
        ...(cwd !== undefined && { cwd }),
        labels,
        timeoutMs: flags.timeout,
        permissions: [
          ...reject.map((tool) => ({ tool, action: "reject" as const })),
          ...allow.map((tool) => ({ tool, action: "allow" as const })),
        ],
      };
      process.exitCode = await withSignals((signal) => runPrompt(runOptions, { ...streams(), signal }));
    });
}

function streams() {
  return { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
}

/** The first Ctrl-C ends Amp and waits for it; the second one does not wait. */
async function withSignals(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
  const listeners = Object.entries(codes).map(([name, code]) => {
    const listener = () => {
      if (controller.signal.aborted) process.exit(code);
      controller.abort(code);
    };
    process.on(name, listener);
    return [name, listener] as const;
  });
  try {
    return await work(controller.signal);
  } finally {
    for (const [name, listener] of listeners) process.off(name, listener);
  }
}

function duration(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw new InvalidArgumentError("Want seconds, or 90s, 5m, 1h.");
  return milliseconds;
}
