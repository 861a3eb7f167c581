import { setTimeout as sleep } from "node:timers/promises";
import { type AgentApiClient, createAgentApiClient } from "../agentapi/client.ts";
import type { Log } from "../base/log.ts";
import type { ProcessIdentity } from "../base/process-identity.ts";
import type { Context } from "../context.ts";
import { postSnapshot } from "../conversation/snapshot.ts";
import { readKeptThread } from "../conversation/thread.ts";
import { endAll, familyOf } from "../server/end.ts";
import { findLeftBehind } from "../server/left-behind.ts";
import { serverName } from "../server/process.ts";
import { readRunningServer, removeServerRecord } from "../server/record.ts";
import { CommandStatus } from "../status/of-commands.ts";

/** A message that is on its way takes 1.2 s with the real Amp, more on a loaded machine. */
const MESSAGE_MS = 4_000;

/**
 * Gives Coder the last messages, then ends AgentAPI and the agent, which saves the conversation. Nothing of them is left
 * running, and no spinner in the dashboard.
 */
export async function stop(context: Context, log: Log): Promise<void> {
  await endEverything(context, log);
  const status = new CommandStatus(context, readKeptThread(context.paths), log.info);
  status.stopped();
  await status.finish();
}

/** Takes at most 20 s: 4 for a message, 6 for the snapshot, 10 for a graceful end, the rest for the other kind. */
async function endEverything(context: Context, log: Log): Promise<void> {
  const { config, paths } = context;
  const running = readRunningServer(paths.running);
  const family = running ? familyOf([running]) : [];
  const isStray = ({ pid }: ProcessIdentity) => !family.some((member) => member.pid === pid);
  const strays = findLeftBehind(paths.moduleDir).filter(isStray);
  const name = serverName(config);
  if (!running && strays.length === 0) {
    log.info(`${name} does not run: nothing to stop.`);
    removeServerRecord(paths.running);
    return;
  }
  const started = performance.now();
  const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${config.agentapi_port}` });
  // A stream's messages are kept by Amp's server.
  if (running && config.transport === "terminal") await letMessageArrive(client);
  await postSnapshot(context, client, log);
  if (running) log.info(`Ending ${name} (pid ${running.pid}) with SIGTERM.`);
  if (strays.length > 0) {
    const pids = strays.map(({ pid }) => pid).join(", ");
    log.info(`Ending what earlier runs of AgentAPI or Amp have left behind (pid ${pids}) with SIGTERM.`);
  }
  const ending = await endAll([...(running ? [running] : []), ...strays]);
  removeServerRecord(paths.running);
  const ended = config.transport === "runner" ? name : "AgentAPI and the agent";
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (ending === "ended") log.info(`${ended} ended after ${seconds} s.`);
  else
    log.warn(
      `${name}, the agent or what it had started did not end by itself and was killed after ${seconds} s.`,
    );
}

/**
 * A message counts for AgentAPI once the agent has taken it, and is saved once the agent has reacted to it. Until the
 * first, AgentAPI answers nobody.
 */
async function letMessageArrive(client: AgentApiClient): Promise<void> {
  const deadline = performance.now() + MESSAGE_MS;
  for (;;) {
    const leftMs = Math.ceil(deadline - performance.now());
    if (leftMs <= 0) return;
    const messages = await client.messages({ timeoutMs: leftMs }).catch(() => []);
    if (messages.at(-1)?.role !== "user") return;
    await sleep(50);
  }
}
