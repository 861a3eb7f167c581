import * as z from "zod/mini";
import { callAmp, callAmpJson } from "./call.ts";
import { AmpOptionError } from "./errors.ts";
import type { AmpOptions, Visibility } from "./options.ts";
import { threadId } from "./thread-id.ts";

/*
 * What `amp threads` does with threads that are there; opening, listing and reading them is in threads.ts. Each takes a
 * thread's id (`T-…`) or address, and throws an AmpError, or an AmpOptionError for what is no thread.
 */

const found = z.array(z.looseObject({ id: z.string(), title: z.optional(z.nullable(z.string())) }));
const exported = z.looseObject({ id: z.string() });

/** A thread that a search found: at least its id, with whatever else this Amp adds. */
export type FoundThread = z.infer<typeof found>[number];
/** A whole thread as `amp threads export` prints it. */
export type ExportedThread = z.infer<typeof exported>;

/**
 * Searches the user's threads.
 *
 * @param query words, and filters such as `file:src/a.ts`, `repo:github.com/owner/repo`, `updated_before:7d`
 */
export function searchThreads(
  query: string,
  options: AmpOptions & { limit?: number; offset?: number } = {},
): Promise<FoundThread[]> {
  const args = (["limit", "offset"] as const).flatMap((name) =>
    options[name] === undefined ? [] : [`--${name}`, String(options[name])],
  );
  return callAmpJson(["threads", "search", "--json", ...args, "--", given("query", query)], found, options);
}

/** Sets who can see a thread. */
export async function shareThread(
  thread: string,
  visibility: Visibility,
  options: AmpOptions = {},
): Promise<void> {
  await callAmp(["threads", "share", threadId(thread), "--visibility", visibility], options);
}

/** Gives a thread another title. */
export async function renameThread(thread: string, title: string, options: AmpOptions = {}): Promise<void> {
  await callAmp(["threads", "rename", threadId(thread), "--", given("title", title)], options);
}

/** Adds labels to those that a thread has. */
export async function labelThread(
  thread: string,
  labels: readonly string[],
  options: AmpOptions = {},
): Promise<void> {
  await callAmp(
    ["threads", "label", threadId(thread), "--", ...labels.map((label) => given("label", label))],
    options,
  );
}

/** Hides a thread from lists. */
export async function archiveThread(thread: string, options: AmpOptions = {}): Promise<void> {
  await callAmp(["threads", "archive", threadId(thread)], options);
}

/** Brings a hidden thread back. */
export async function unarchiveThread(thread: string, options: AmpOptions = {}): Promise<void> {
  await callAmp(["threads", "archive", "--unarchive", threadId(thread)], options);
}

/** Deletes a thread for good, on the server, too. */
export async function deleteThread(thread: string, options: AmpOptions = {}): Promise<void> {
  await callAmp(["threads", "delete", threadId(thread)], options);
}

/** A whole thread as data. */
export function exportThread(thread: string, options: AmpOptions = {}): Promise<ExportedThread> {
  return callAmpJson(["threads", "export", threadId(thread)], exported, options);
}

function given(name: string, text: string): string {
  if (text.trim() === "") throw new AmpOptionError(`the ${name} is empty`);
  return text;
}
