import { setTimeout as sleep } from "node:timers/promises";
import { fixOf, reasonOf } from "../base/errors.ts";
import { harmless } from "../base/harmless.ts";
import type { Context } from "../context.ts";
import { gatherStatus } from "../operate/status.ts";
import { painter } from "../operate/style.ts";
import { wrap } from "../operate/wrap.ts";
import { LineInput } from "./line-input.ts";
import { say } from "./say.ts";
import { findServer, isComing } from "./server.ts";

/** So much of what was said before is shown at first, in lines. */
const RECALLED = 12;

/**
 * A conversation on this terminal, until Ctrl-D.
 *
 * @throws ModuleError if there is nobody to talk to at its begin
 */
export async function converse(context: Context): Promise<void> {
  const { stdin, stdout, env } = process;
  const paint = painter(stdout, env);
  const note = (text: string) => void stdout.write(`${paint("dim", context.redact(text))}\n`);
  await arrival(context, note);
  const { client, status } = await findServer(context);
  // While a turn runs in the stream transport AgentAPI does not tell what was said.
  const messages = await client.messages({ timeoutMs: 1_000 }).catch(() => []);
  const about = `Amp${status.thread ? `, thread ${status.thread.id}` : ""}. Ctrl-C cancels what Amp is at, Ctrl-D leaves, \\ at the end of a line continues it.`;
  for (const line of wrap(about, 80)) note(line);
  const last = messages.findLastIndex(({ role }) => role === "user");
  for (const { role, content } of last < 0 ? [] : messages.slice(last)) {
    const lines = harmless(content).trim().split("\n");
    const shown = role === "user" ? lines.slice(0, RECALLED) : lines.slice(-RECALLED);
    for (const line of shown) {
      const isTold = role === "user" && line.length > 78;
      note(
        (isTold ? wrap(line, 80, "› ", "  ") : [role === "user" ? `› ${line}` : line.trimEnd()]).join("\n"),
      );
    }
  }

  let cancel: AbortController | undefined;
  const waiting: string[] = [];
  let wake = () => {};
  let hasEnded = false;
  const input = new LineInput(
    stdin,
    stdout,
    messages.filter(({ role }) => role === "user").map(({ content }) => content),
    {
      onMessage: (text) => {
        waiting.push(text);
        wake();
      },
      onInterrupt: (isEmpty) => {
        if (cancel?.signal.aborted) return void input.close();
        if (cancel) return cancel.abort();
        if (isEmpty) note("Ctrl-D leaves.");
        input.ask();
      },
      onEnd: () => {
        hasEnded = true;
        wake();
      },
    },
  );
  while (!hasEnded) {
    input.ask();
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (waiting.length > 0 || hasEnded) resolve();
    });
    for (let text = waiting.shift(); text !== undefined && !hasEnded; text = waiting.shift()) {
      input.quiet();
      cancel = new AbortController();
      const turn = oneTurn(context, text, cancel.signal, note);
      await Promise.race([
        turn,
        new Promise<void>((resolve) => {
          wake = () => hasEnded && resolve();
        }),
      ]);
      cancel = undefined;
    }
  }
  stdout.write("\n");
}

async function oneTurn(
  context: Context,
  text: string,
  cancel: AbortSignal,
  note: (text: string) => void,
): Promise<void> {
  try {
    await say({ context, text, cancel, note, write: (part) => void process.stdout.write(part) });
  } catch (error) {
    // The conversation continues: AgentAPI may come back.
    const fix = fixOf(error);
    note(`error: ${harmless(reasonOf(error))}${fix ? `\nerror: To fix it: ${fix}` : ""}`);
  }
}

/** Somebody who opens the terminal app early need not open it again. */
async function arrival(context: Context, note: (text: string) => void): Promise<void> {
  for (let isNoted = false; isComing(await gatherStatus(context)); isNoted = true) {
    if (!isNoted) note("Amp is being started: waiting for it. Ctrl-C leaves.");
    await sleep(1_000);
  }
}
