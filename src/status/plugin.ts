/*
 * Amp's plugin that reports to Coder what Amp does, and has refused what nobody answers. Amp runs it in a process of its own, in the Bun inside of Amp. It
 * answers at once, whatever happens: Amp waits for its answer before every tool.
 */

import { threadUrl } from "../amp/thread-id.ts";
import { createRedact, mcpSecrets } from "../base/redact.ts";
import { approvalTimeout } from "./approval-timeout.ts";
import { statusClient } from "./client.ts";
import { isForPlugin, STATUS_APP } from "./environment.ts";
import { Reporter } from "./reporter.ts";
import { type ThreadState, Threads, type TurnEnd } from "./threads.ts";
import { toolWords, WORDS } from "./words.ts";

/** For what is still to be said when Amp ends; Amp itself waits 3 s. */
const FINISH_MS = 2_300;

interface ThreadEvent {
  thread: { id: string };
}

/** What this plugin uses of Amp's plugin interface: `amp plugins show-docs`. */
interface Amp {
  logger: { log(line: string): void };
  system: { ampURL: URL };
  configuration: { get(): Promise<Record<string, unknown>> };
  threads?: {
    get(id: string): {
      state: { subscribe(observer: { next(state: ThreadState): void; error(): void }): unknown };
    };
  };
  on(event: "session.start" | "agent.start", handler: (event: ThreadEvent) => unknown): unknown;
  on(
    event: "tool.call",
    handler: (event: ThreadEvent & { tool: string; input: unknown }) => unknown,
  ): unknown;
  on(event: "agent.end", handler: (event: ThreadEvent & { status: TurnEnd }) => unknown): unknown;
  onDispose(callback: () => Promise<void>): unknown;
}

export default function reportToCoder(amp: Amp): void {
  const { env } = process;
  // An Amp that somebody starts by hand, or another instance's, is none of its business.
  if (!isForPlugin(env, import.meta.url)) return;
  const redact = createRedact(env);
  const log = (line: string) => amp.logger.log(line);
  const reporter = new Reporter(statusClient({ app: env[STATUS_APP] ?? "", env, redact, log }));
  const threads = new Threads((id) => threadUrl(id, { AMP_URL: String(amp.system.ampURL) }));
  const timeout = approvalTimeout(env);
  const watched = new Set<string>();

  function tell(change: () => void): void {
    try {
      change();
      const status = threads.status();
      if (status) reporter.report(status);
    } catch (error) {
      log(`Status: ${redact(String(error))}`);
    }
  }

  function watch({ thread: { id } }: ThreadEvent): void {
    if (watched.has(id)) return;
    watched.add(id);
    tell(() => threads.opened(id));
    // Where Amp does not tell of a thread's state, the turn's events do.
    const observer = {
      next: (state: ThreadState) =>
        tell(() => {
          timeout.changed(id, state);
          threads.changed(id, state);
        }),
      error: () => watched.delete(id),
    };
    tell(() => amp.threads?.get(id).state.subscribe(observer));
  }

  process.on("uncaughtException", (error) => log(`Status: ${redact(String(error))}`));
  process.on("unhandledRejection", (error) => log(`Status: ${redact(String(error))}`));
  amp.configuration.get().then(
    (settings) => redact.learn?.(mcpSecrets(settings["amp.mcpServers"] ?? settings["mcpServers"])),
    () => {},
  );
  amp.on("session.start", watch);
  amp.on("agent.start", (event) => {
    watch(event);
    tell(() => threads.turnBegan(event.thread.id));
    return {};
  });
  amp.on("tool.call", ({ thread, tool, input }) => {
    tell(() => threads.toolCalled(thread.id, toolWords(tool, input)));
    return { action: "allow" };
  });
  amp.on("agent.end", ({ thread, status }) => tell(() => threads.turnEnded(thread.id, status)));
  amp.onDispose(async () => {
    const last = threads.status();
    // Somebody has ended Amp in the middle: nobody else would end the spinner.
    if (last && last.state === "working") reporter.report({ ...last, state: "idle", message: WORDS.ended });
    await reporter.finish(FINISH_MS);
  });
  // What went before, such as an Amp that was killed at work, is over.
  reporter.report({ state: "idle", message: WORDS.ready, uri: "" });
}
