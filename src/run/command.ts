import { type Command, InvalidArgumentError } from "commander";
import type { ExecuteOptions } from "../amp/options.ts";
import { parseDuration } from "./duration.ts";
import { type RunOptions, runPrompt } from "./run.ts";

interface Flags {
  json?: true;
  mode?: string;
  continue?: true | string;
  label: string[];
  timeout: number;
  cwd?: string;
  allow: string[];
  reject: string[];
}

const HELP = `
Text goes to stdout, progress to stderr where that is a terminal. With --json each line of stdout is one event of
Amp's stream JSON, as Amp wrote it. Amp's own settings and key are used: ~/.config/amp/settings.json, AMP_API_KEY.

Exit codes: 0 done, 1 failed, 2 wrong usage, 124 timeout, 130 interrupted.

Examples:
  $ amp-module run "Update the changelog"
  $ git diff | amp-module run - --reject Bash
  $ amp-module run "And now the tests" --continue --timeout 20m
  $ amp-module run "List the TODOs" --json | jq -r 'select(.type == "result").result'
`;

/**
 * Adds the `run` command to the program.
 *
 * @param defaults where Amp is, and what the flags do not say; asked only when the command runs
 */
export function addRunCommand(program: Command, defaults: () => ExecuteOptions = () => ({})): void {
  program
    .command("run")
    .description("give Amp one prompt, without a screen, and print what it answers")
    .argument("[prompt]", 'the prompt; "-" or nothing reads it from stdin')
    .option("--json", "print Amp's events instead of text")
    .option("-m, --mode <mode>", 'agent mode, one of those in "amp --help"')
    .option(
      "-c, --continue [thread]",
      "go on with a thread (T-… or its URL); the last one where none is named",
    )
    .option("-l, --label <label>", "label for the thread, may be repeated", collect, [])
    .option(
      "-t, --timeout <time>",
      "end Amp after this time: 90, 90s, 5m, 1h; 0 for never",
      duration,
      300_000,
    )
    .option("-C, --cwd <folder>", "folder to work in")
    .option("--allow <tool>", "allow a tool without asking, may be repeated", collect, [])
    .option("--reject <tool>", "refuse a tool, may be repeated; stronger than --allow", collect, [])
    .addHelpText("after", HELP)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .action(async (prompt: string | undefined, flags: Flags) => {
      process.exitCode = await withSignals((signal) =>
        runPrompt(toOptions(prompt, flags, defaults()), { ...streams(), signal }),
      );
    });
}

function toOptions(prompt: string | undefined, flags: Flags, defaults: ExecuteOptions): RunOptions {
  return {
    ...defaults,
    ...(prompt !== undefined && { prompt }),
    json: flags.json === true,
    ...(flags.mode !== undefined && { mode: flags.mode }),
    ...(flags.continue !== undefined && { continueThread: flags.continue }),
    ...(flags.cwd !== undefined && { cwd: flags.cwd }),
    labels: flags.label,
    timeoutMs: flags.timeout,
    permissions: [
      ...flags.reject.map((tool) => ({ tool, action: "reject" as const })),
      ...flags.allow.map((tool) => ({ tool, action: "allow" as const })),
    ],
  };
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

function collect(value: string, all: string[]): string[] {
  return [...all, value];
}

function duration(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw new InvalidArgumentError("Want seconds, or 90s, 5m, 1h.");
  return milliseconds;
}
