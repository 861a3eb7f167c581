import { type Command, InvalidArgumentError } from "commander";
import { isThread, threadId, threadUrl } from "../amp/thread-id.ts";
import { listThreads, threadMarkdown } from "../amp/threads.ts";
import { startChild } from "../base/child.ts";
import { ModuleError } from "../base/errors.ts";
import { findOnPath } from "../base/executables.ts";
import { harmless } from "../base/harmless.ts";
import { talksElsewhere } from "../chat/server.ts";
import type { Context } from "../context.ts";
import { readKeptThread } from "../conversation/thread.ts";
import { askAmp } from "./ask-amp.ts";
import { FrontCommand } from "./front.ts";

interface Flags {
  json?: true;
  markdown?: true;
  open?: true;
}

/** `amp-module thread` and `amp-module thread list`. */
export function threadCommand(context: () => Context): Command {
  const thread: Command = new FrontCommand(
    "thread",
    "print the Amp thread of this workspace: its id and address",
  )
    .helpCommand(false)
    .argument("[thread]", "another thread, T-… or its address", knownThread)
    .option("--markdown", "print the whole conversation as Markdown")
    .option("--open", "open the address in a browser, too, if there is one")
    .option("--json", "print id and address as JSON")
    .action(async (given: string | undefined, { json, markdown, open }: Flags) => {
      const known = context();
      const id = given ?? readKeptThread(known.paths);
      if (id === undefined && known.config.transport === "runner") throw talksElsewhere(known);
      if (id === undefined) {
        throw new ModuleError(
          "No thread of this workspace is known yet.",
          "Give Amp a message first; `amp-module logs start` says why none was opened ahead.",
        );
      }
      if (markdown) return print(known, await askAmp(known, (options) => threadMarkdown(id, options)));
      const url = threadUrl(id, known.env);
      console.log(json ? JSON.stringify({ id, url }) : `${id}\n${url}`);
      if (open) openInBrowser(url, known.env);
    });
  return thread.addCommand(listCommand(context));
}

function listCommand(context: () => Context): Command {
  return new FrontCommand("list", "list your threads, newest first")
    .option("-n, --lines <number>", "no more than so many", count, 20)
    .option("--json", "print them as Amp tells them")
    .action(async ({ lines, json }: { lines: number; json?: true }) => {
      const known = context();
      const current = readKeptThread(known.paths);
      const threads = await askAmp(known, (options) => listThreads({ ...options, limit: lines }));
      if (json) return print(known, JSON.stringify(threads, undefined, 2));
      if (threads.length === 0) console.error("There are no threads.");
      for (const { id, title } of threads) {
        print(known, `${id === current ? "*" : " "} ${id}  ${(title ?? "").replace(/\s+/g, " ")}`.trimEnd());
      }
    });
}

function print({ redact }: Context, text: string): void {
  console.log(redact(harmless(text)).trimEnd());
}

function openInBrowser(url: string, env: NodeJS.ProcessEnv): void {
  const browser = env["BROWSER"] || findOnPath("xdg-open", env) || findOnPath("open", env);
  if (!browser) {
    console.error("There is no browser here: open the address on your own machine.");
    return;
  }
  const { child, isStarted } = startChild(browser, [url], { env, stdio: "ignore" });
  isStarted.catch(() => console.error(`${browser} could not be started: open the address yourself.`));
  child.unref();
}

function knownThread(text: string): string {
  if (!isThread(text)) throw new InvalidArgumentError("Want T-… or a thread's address.");
  return threadId(text);
}

function count(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError("Want a number.");
  return Number(text);
}
