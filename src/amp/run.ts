import { mainTexts } from "./answer.ts";
import { diagnose } from "./diagnose.ts";
import { AmpError } from "./errors.ts";
import type { ResultEvent, Usage } from "./events.ts";
import { execute } from "./execute.ts";
import type { Prompt } from "./input.ts";
import type { ExecuteOptions } from "./options.ts";
import { threadId } from "./thread-id.ts";

export interface RunResult {
  /** The final text. */
  text: string;
  /** The Amp thread (`T-…`); `continueThread` continues it. */
  threadId: string;
  turns?: number;
  durationMs?: number;
  usage?: Usage;
  /** Tool calls that a permission rule refused, as Amp reports them. */
  permissionDenials: readonly unknown[];
}

/**
 * Runs Amp to the end and returns its final text. With several messages that is the last one's, and one that fails is
 * the run's failure.
 *
 * @throws AmpError if it failed, also if Amp reported the failure itself
 * @throws AmpOptionError for options that no Amp can take
 */
export async function run(prompt: Prompt, options: ExecuteOptions = {}): Promise<RunResult> {
  let last: ResultEvent | undefined;
  let said = "";
  let error: AmpError | undefined;
  for await (const event of execute(prompt, options)) {
    said = mainTexts(event).join("\n\n") || said;
    if (event.type !== "result") continue;
    last = event;
    error ??= resultError(event);
  }
  if (!last) throw new AmpError("no_result", "Amp ended without a result.");
  if (error) throw error;
  return {
    text: last.result || said,
    threadId: last.session_id,
    permissionDenials: last.permission_denials ?? [],
    ...(last.num_turns !== undefined && { turns: last.num_turns }),
    ...(last.duration_ms !== undefined && { durationMs: last.duration_ms }),
    ...(last.usage !== undefined && { usage: last.usage }),
  };
}

/** Goes on with a thread. @throws AmpError, AmpOptionError for what is no thread */
export function continueThread(
  thread: string,
  prompt: Prompt,
  options: ExecuteOptions = {},
): Promise<RunResult> {
  return run(prompt, { ...options, continueThread: threadId(thread) });
}

/** The error that a `result` event is, or undefined for a success. */
export function resultError(result: ResultEvent): AmpError | undefined {
  if (result.subtype === "success" && result.is_error !== true) return undefined;
  const details = { threadId: result.session_id };
  if (result.subtype === "error_max_turns") {
    const turns = result.num_turns ?? "all";
    return new AmpError("execution", `Amp used up its turns (${turns}) before it was done.`, {
      ...details,
      remedy: "Continue the thread, or split the task.",
    });
  }
  const said = result.error || result.result;
  const because = said ? `: ${said}` : ".";
  const denials = result.permission_denials?.length ?? 0;
  const kind = diagnose([result.subtype, result.error, result.result].join("\n"));
  if (kind === undefined && denials > 0) {
    return new AmpError("permission_denied", `Amp was refused ${denials} tool calls${because}`, details);
  }
  return new AmpError(kind ?? "execution", `Amp reported ${result.subtype}${because}`, details);
}
