import { text as readAll } from "node:stream/consumers";
import type { Command } from "commander";
import { ModuleError } from "../base/errors.ts";
import { converse } from "../chat/conversation.ts";
import { say } from "../chat/say.ts";
import type { Context } from "../context.ts";
import { FrontCommand } from "./front.ts";
import { untilSignal } from "./interrupt.ts";

const DETAILS = `
The answer goes to stdout while it grows, everything else to stderr. Without a
message, on a terminal, it is a conversation: Ctrl-C cancels what Amp is at,
Ctrl-D leaves, a backslash at the end of a line continues the message.

With --json each line of stdout is one of AgentAPI's events, and the last one
is {"event":"answer","data":{"content":…,"isCancelled":…}}.

Exit codes: 0 answered, 1 failed, 2 wrong usage, 130 cancelled with Ctrl-C.

Examples:
  $ amp-module chat
  $ amp-module chat "How far are you?"
  $ git diff | amp-module chat -`;

/** `amp-module chat`. */
export function chatCommand(context: () => Context): Command {
  return new FrontCommand("chat", "talk to the Amp that runs here: one message, or a conversation")
    .argument("[message]", 'what to say; "-" reads it from stdin')
    .option("--json", "print AgentAPI's events instead of text")
    .addHelpText("after", DETAILS)
    .action(async (message: string | undefined, { json }: { json?: true }) => {
      const known = context();
      const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
      if (message === undefined && isTerminal && !json) {
        await converse(known);
        // Who leaves during a turn does not wait for its end.
        process.exit();
      }
      const text = (message === undefined || message === "-" ? await readAll(process.stdin) : message).trim();
      if (text === "") {
        throw new ModuleError("The message is empty.", 'Type one: `amp-module chat "…"`.');
      }
      process.exitCode = await sayOnce(known, text, json === true);
    });
}

async function sayOnce(context: Context, text: string, isJson: boolean): Promise<number> {
  const print = (value: unknown) => void process.stdout.write(`${context.redact(JSON.stringify(value))}\n`);
  const { answer, isCancelled } = await say({
    ...{ context, text, cancel: untilSignal() },
    write: isJson ? () => {} : (part) => void process.stdout.write(part),
    note: (line) => void process.stderr.write(`${context.redact(line)}\n`),
    ...(isJson && { onEvent: print }),
  });
  if (isJson) print({ event: "answer", data: { content: answer, isCancelled } });
  return isCancelled ? 130 : 0;
}
