import type { Context } from "../context.ts";
import { endServer } from "../server/end.ts";
import { readRunningServer, removeServerRecord } from "../server/record.ts";
import type { Log } from "../system/log.ts";

/** Ends AgentAPI and the agent under it; nothing of them is left running. */
export async function stop({ paths }: Context, log: Log): Promise<void> {
  const running = readRunningServer(paths.running);
  if (!running) {
    log.info("AgentAPI does not run: nothing to stop.");
    removeServerRecord(paths.running);
    return;
  }
  const started = performance.now();
  log.info(`Ending AgentAPI (pid ${running.pid}) with SIGTERM.`);
  const ending = await endServer(running);
  removeServerRecord(paths.running);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (ending === "ended") log.info(`AgentAPI and the agent ended after ${seconds} s.`);
  else log.warn(`AgentAPI or the agent did not end by itself and was killed after ${seconds} s.`);
}
