import { callAmp } from "./call.ts";
import type { AmpOptions } from "./options.ts";
import { threadId } from "./thread-id.ts";

export interface UsageOptions extends AmpOptions {
  /** Credits, tokens and threads, or models and tools of one thread. */
  details?: boolean;
  /** Beginning and end of the time that is looked at. */
  start?: Date;
  end?: Date;
}

/** What the account has used and has left, in Amp's words: it prints no JSON. @throws AmpError */
export async function usageText(options: UsageOptions = {}): Promise<string> {
  return (await callAmp(["usage", ...range(options)], options)).stdout.trim();
}

/** What one thread has cost, in Amp's words. @throws AmpError, AmpOptionError for what is no thread */
export async function threadUsageText(thread: string, options: UsageOptions = {}): Promise<string> {
  return (await callAmp(["threads", "usage", threadId(thread), ...range(options)], options)).stdout.trim();
}

function range({ details, start, end }: UsageOptions): string[] {
  return [
    ...(details ? ["--details"] : []),
    ...(start ? ["--start", start.toISOString()] : []),
    ...(end ? ["--end", end.toISOString()] : []),
  ];
}
