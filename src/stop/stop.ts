import { createAgentApiClient } from "../agentapi/client.ts";
import type { Context } from "../context.ts";
import { endServer } from "../server/end.ts";
import { findOwnServer } from "../server/port-holder.ts";
import { readRunningServer, removeServerRecord } from "../server/record.ts";
import type { Log } from "../system/log.ts";
import { postSnapshot } from "./snapshot.ts";

/**
 * Gives Coder the last messages, then ends AgentAPI and the agent, which saves the conversation. Nothing of them is left
 * running. Takes at most 20 s: 6 for the snapshot, 12 for a graceful end, the rest for the other kind.
 */
export async function stop(context: Context, log: Log): Promise<void> {
  const { config, paths } = context;
  const running = readRunningServer(paths.running) ?? findOwnServer(config.agentapi_port, paths.moduleDir);
  if (!running) {
    log.info("AgentAPI does not run: nothing to stop.");
    removeServerRecord(paths.running);
    return;
  }
  const started = performance.now();
  const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${config.agentapi_port}` });
  await postSnapshot(context, client, log);
  log.info(`Ending AgentAPI (pid ${running.pid}) with SIGTERM.`);
  const ending = await endServer(running);
  removeServerRecord(paths.running);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (ending === "ended") log.info(`AgentAPI and the agent ended after ${seconds} s.`);
  else log.warn(`AgentAPI or the agent did not end by itself and was killed after ${seconds} s.`);
}
