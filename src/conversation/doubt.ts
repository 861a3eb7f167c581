import type { AmpProbe } from "../amp/probe.ts";
import { holds } from "../amp/screen.ts";
import { threadMarkdown } from "../amp/threads.ts";
import { reasonOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Context } from "../context.ts";
import { type Errand, NOT_SENT_AGAIN } from "./outcome.ts";

const TIMEOUT_MS = 20_000;

/**
 * Decides about a prompt that the stream agent may or may not have sent, by what Amp's server has on the thread. If
 * that cannot be known it is not sent a second time.
 *
 * @param thread undefined if the agent has not told of one
 */
export async function settleDoubt(
  { env }: Context,
  amp: AmpProbe,
  thread: string | undefined,
  errand: Errand,
  log: Log,
): Promise<Errand> {
  try {
    if (thread === undefined) throw new Error("Amp has named no thread");
    const text = await threadMarkdown(thread, { amp, env, timeoutMs: TIMEOUT_MS });
    if (!holds(text, errand.prompt)) return { ...errand, isDoubtful: false };
    errand.note.delivered("earlier");
    log.tell(NOT_SENT_AGAIN);
  } catch (error) {
    log.warn(
      `Whether the prompt arrived before the last end cannot be known (${reasonOf(error)}): it is not sent a second ` +
        "time. Send it in the chat if it is missing there.",
    );
  }
  return { ...errand, prompt: "", isDoubtful: false };
}
