import * as z from "zod/mini";
import { callAmp, callAmpJson } from "./call.ts";
import { AmpError } from "./errors.ts";
import type { AmpOptions, ExecuteOptions } from "./options.ts";
import { threadId } from "./thread-id.ts";

const threads = z.array(z.looseObject({ id: z.string(), title: z.optional(z.nullable(z.string())) }));

/** A thread as `amp threads list --json` tells it: at least its id, with whatever else this Amp adds. */
export type ThreadSummary = z.infer<typeof threads>[number];

export interface NewThread {
  id: string;
  url: string;
}

/** Creates an empty thread. @throws AmpError */
export async function createThread(
  options: AmpOptions & Pick<ExecuteOptions, "visibility"> = {},
): Promise<NewThread> {
  const visibility = options.visibility ? ["--visibility", options.visibility] : [];
  const { stdout } = await callAmp(["threads", "new", ...visibility], options);
  const url = stdout.trim().split(/\s+/).at(-1) ?? "";
  try {
    return { id: threadId(url), url };
  } catch (cause) {
    throw new AmpError("protocol", '"amp threads new" did not print a thread.', { cause });
  }
}

/** The user's threads, newest first. @throws AmpError */
export async function listThreads(
  options: AmpOptions & { limit?: number; offset?: number; includeArchived?: boolean } = {},
): Promise<ThreadSummary[]> {
  const { limit, offset, includeArchived } = options;
  const args = [
    ...(limit === undefined ? [] : ["--limit", String(limit)]),
    ...(offset === undefined ? [] : ["--offset", String(offset)]),
    ...(includeArchived ? ["--include-archived"] : []),
  ];
  return callAmpJson(["threads", "list", "--json", ...args], threads, options);
}

/** A whole conversation as Markdown. @throws AmpError, AmpOptionError for what is no thread */
export async function threadMarkdown(thread: string, options: AmpOptions = {}): Promise<string> {
  return (await callAmp(["threads", "markdown", threadId(thread)], options)).stdout;
}
