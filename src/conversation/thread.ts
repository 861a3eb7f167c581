import { rmSync } from "node:fs";
import * as z from "zod/mini";
import { visibilityOf } from "../amp/options.ts";
import type { AmpProbe } from "../amp/probe.ts";
import { threadId } from "../amp/thread-id.ts";
import { createThread } from "../amp/threads.ts";
import { readTextIfExists, writeFileAtomic } from "../base/atomic-file.ts";
import { reasonOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Context } from "../context.ts";
import type { Paths } from "../paths.ts";
import { readDelivery } from "./delivery-record.ts";

const TIMEOUT_MS = 20_000;

/** The shape that the stream agent writes, too. */
const schema = z.object({ threadId: z.string() });

/** The Amp thread of a start. */
export interface Thread {
  /** `T-…`, or undefined if Amp opens one by itself. */
  id: string | undefined;
  /** Whether it is the thread of the start before, so that the conversation continues. */
  isContinued: boolean;
}

/**
 * Chooses the thread: `thread_id`, else the one of the start before (`continue`), else a new one, which the module
 * opens itself so that it can come back to it. If none can be opened Amp starts without, and the log says why.
 */
export async function chooseThread(context: Context, amp: AmpProbe, log: Log): Promise<Thread> {
  const { config, paths } = context;
  const kept = readKeptThread(paths);
  const given = config.thread_id === "" ? undefined : threadId(config.thread_id);
  const id = given ?? (config.continue ? kept : undefined);
  log.debug(
    `Thread: thread_id ${given ?? "is not set"}, the start before had ${kept ?? "none"}, continue = ${config.continue}.`,
  );
  // The stream agent learns the new thread's id with the first answer and keeps it in the same file.
  if (id === undefined && config.transport === "stream") {
    rmSync(paths.thread, { force: true });
    return { id: undefined, isContinued: false };
  }
  if (id === undefined) return { id: await openThread(context, amp, log), isContinued: false };
  if (!amp.commands.includes("threads")) {
    log.warn(`Amp ${amp.version} cannot continue a thread, so it starts a new one.`);
    return { id: undefined, isContinued: false };
  }
  writeFileAtomic(paths.thread, JSON.stringify({ threadId: id }));
  log.tell(`Thread: ${id}, ${given ? "as thread_id asks" : "continued"}.`);
  return { id, isContinued: id === kept };
}

/** Opens a new thread in the place of one that Amp's server refuses. */
export async function replaceThread(
  context: Context,
  amp: AmpProbe,
  refused: string,
  log: Log,
): Promise<Thread> {
  log.warn(`Thread ${refused} is gone or not accessible: Amp starts a new one.`);
  return { id: await openThread(context, amp, log), isContinued: false };
}

/** The thread of an agent that is left alone; its file is written anew if it is damaged and the thread is known. */
export function keepThread(paths: Pick<Paths, "thread" | "delivery">, log: Log): Thread {
  const id = readKeptThread(paths);
  try {
    if (id !== undefined && threadIn(paths.thread) === "damaged") {
      writeFileAtomic(paths.thread, JSON.stringify({ threadId: id }));
      log.info(`Thread: ${paths.thread} was damaged and names ${id} again.`);
    }
  } catch (error) {
    log.warn(`Thread: ${paths.thread} is damaged and could not be written anew (${reasonOf(error)}).`);
  }
  return { id, isContinued: true };
}

/** The thread of the start before, or undefined. If its file is damaged, the record of the prompt names it, too. */
export function readKeptThread({ thread, delivery }: Pick<Paths, "thread" | "delivery">): string | undefined {
  const kept = threadIn(thread);
  if (kept !== "damaged") return kept;
  const record = readDelivery(delivery);
  return (record !== "unreadable" && record?.thread) || undefined;
}

function threadIn(path: string): string | undefined {
  try {
    const text = readTextIfExists(path);
    return text === undefined ? undefined : threadId(schema.parse(JSON.parse(text)).threadId);
  } catch {
    return "damaged";
  }
}

async function openThread(
  { config, paths, env }: Context,
  amp: AmpProbe,
  log: Log,
): Promise<string | undefined> {
  if (!amp.commands.includes("threads")) {
    log.info(`Thread: Amp ${amp.version} cannot open one ahead, so a restart will not continue it.`);
    return undefined;
  }
  if (!env["AMP_API_KEY"]) {
    log.info("Thread: there is no API key to open one ahead with, so a restart will not continue it.");
    return undefined;
  }
  try {
    const visibility = visibilityOf(config.thread_visibility);
    const { id } = await createThread({ amp, env, timeoutMs: TIMEOUT_MS, ...(visibility && { visibility }) });
    writeFileAtomic(paths.thread, JSON.stringify({ threadId: id }));
    log.tell(`Thread: opened ${id}.`);
    return id;
  } catch (error) {
    log.warn(`Thread: none could be opened ahead (${reasonOf(error)}), so a restart will not continue it.`);
    return undefined;
  }
}
