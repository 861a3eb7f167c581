import { AmpError, AmpOptionError } from "../amp/errors.ts";
import type { AmpEvent } from "../amp/events.ts";
import { executeRecords } from "../amp/execute.ts";
import type { ExecuteOptions } from "../amp/options.ts";
import { resultError } from "../amp/run.ts";
import { harmless, onOneLine } from "../base/harmless.ts";
import { createRedact, mcpSecrets } from "../base/redact.ts";
import { Output } from "./output.ts";
import { Progress } from "./progress.ts";
import { Refusals, withoutConsent } from "./refusals.ts";

export interface RunOptions extends ExecuteOptions {
  /** The prompt; "-" or undefined reads it from stdin. */
  prompt?: string;
  /** Pass Amp's events through instead of printing text. */
  json: boolean;
}

export interface RunStreams {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  /** Ends Amp. Its reason is the exit code. */
  signal: AbortSignal;
}

/** Characters of a line that is shown only to say what it was. */
const MAX_SHOWN = 4_096;

/** Exit codes, as `timeout` and shells have them. */
const EXIT = { done: 0, failed: 1, usage: 2, timeout: 124, interrupted: 130 };

/**
 * Gives Amp one prompt and prints what it answers. Never throws.
 * @returns the exit code
 */
export async function runPrompt(options: RunOptions, io: RunStreams): Promise<number> {
  const { prompt: given, json, ...execution } = options;
  const redact = createRedact({ ...process.env, ...execution.env }, mcpSecrets(execution.mcpConfig ?? {}));
  const say = (line: string) => io.stderr.write(`${redact(harmless(line))}\n`);
  try {
    const prompt = await readPrompt(given, io);
    const output = new Output(io.stdout);
    const progress = new Progress(io.stderr);
    const signal = AbortSignal.any([io.signal, output.closed]);
    let failure: AmpError | undefined;
    const refusals = new Refusals(say);
    const onWarning = (text: string) => say(`warning: ${text}`);
    const unattended = await withoutConsent({ keepThread: true, onWarning, ...execution, signal });
    for await (const { event, text } of executeRecords(prompt, unattended)) {
      progress.note(event);
      refusals.note(event);
      const trouble = troubleWith(event, text);
      if (trouble) say(`warning: ${trouble}`);
      if (!json) await output.show(event);
      else if (event.type !== "broken") await output.write(`${text}\n`);
      if (event.type === "result") {
        failure ??= resultError(event);
        const denials = event.permission_denials?.length ?? 0;
        if (denials > 0) say(`warning: Amp was refused ${denials} tool call${denials === 1 ? "" : "s"}.`);
      }
    }
    if (failure) throw failure;
    progress.end();
    return EXIT.done;
  } catch (error) {
    return explain(error, say, io.signal);
  }
}

/** What could not be read of Amp's output: it may have been the answer. */
function troubleWith(event: AmpEvent, text: string): string | undefined {
  if (event.type === "broken") {
    const shown = text === "" ? "" : `: ${onOneLine(text.slice(0, MAX_SHOWN))}`;
    return `line ${event.line} of Amp's output is left out, ${event.reason}${shown}`;
  }
  if (event.type !== "unknown" || event.reason === undefined) return undefined;
  const { type } = event.event as { type: string };
  // Amp may tell more about itself in newer releases; only the conversation can be missed.
  return type === "system"
    ? undefined
    : `a message of type "${type}" is of an unknown shape (${event.reason})`;
}

/** A folder or flag that is wrong is the caller's to correct; everything else has a kind. */
function explain(error: unknown, say: (line: string) => void, signal: AbortSignal): number {
  if (error instanceof AmpOptionError) {
    say(`error: ${error.message}`);
    return EXIT.usage;
  }
  if (!(error instanceof AmpError)) {
    say(`error: ${error instanceof Error ? error.message : error}`);
    return EXIT.failed;
  }
  if (error.kind === "aborted") {
    if (!signal.aborted) return EXIT.failed;
    say(error.signal === "SIGKILL" ? `Interrupted. ${error.message}` : "Interrupted.");
    return typeof signal.reason === "number" ? signal.reason : EXIT.interrupted;
  }
  say(`error: ${error.message} (${error.kind})`);
  say(`To fix it: ${error.remedy}`);
  const tail = error.stderrTail.trim().split("\n").slice(-10);
  if (error.kind === "execution" && tail[0]) say(["Amp's last words:", ...tail].join("\n  "));
  return error.kind === "timeout" ? EXIT.timeout : EXIT.failed;
}

async function readPrompt(given: string | undefined, { stdin }: RunStreams): Promise<string> {
  if (given !== undefined && given !== "-") return nonEmpty(given, "The prompt is empty.");
  if (given === undefined && stdin.isTTY) {
    throw new AmpOptionError('There is no prompt: give one, or "-" to type it.');
  }
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return nonEmpty(
    Buffer.concat(chunks).toString(),
    "There is no prompt: none was given, and stdin is empty.",
  );
}

function nonEmpty(prompt: string, message: string): string {
  if (prompt.trim() === "") throw new AmpOptionError(message);
  return prompt;
}
