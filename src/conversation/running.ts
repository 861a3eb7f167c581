import { fstatSync } from "node:fs";
import type { AgentApiClient } from "../agentapi/client.ts";
import { until } from "../agentapi/wait.ts";
import { InputHistory } from "../amp/input-history.ts";
import { ModuleError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Context } from "../context.ts";
import { diagnose } from "../server/diagnosis.ts";
import { LogFollower, readEvidence } from "../server/evidence.ts";
import { NotReady, watching } from "../server/watch.ts";
import type { Errand, Outcome } from "./outcome.ts";
import { seeStreamThrough } from "./stream-readiness.ts";
import { seeTerminalThrough } from "./terminal-readiness.ts";

/** An agent that works on something else is not interrupted; it has this long to finish. */
const STABLE_TIMEOUT_MS = 30_000;

/**
 * Gives a prompt to the agent of an AgentAPI that runs already.
 *
 * @throws ModuleError if the agent works on something else for too long, or the turn fails
 */
export async function giveToRunning(
  { config, paths }: Context,
  client: AgentApiClient,
  errand: Errand,
  log: Log,
): Promise<Outcome> {
  const outputFrom = fstatSync(log.file).size;
  await rests(client);
  try {
    if (config.transport === "stream") {
      errand.note.sending();
      // Answered when the turn ends; the agent's own word comes earlier.
      client.sendMessage({ type: "user", content: errand.prompt }).catch(() => {});
      const follower = new LogFollower(paths.startLog, outputFrom);
      const news = () => follower.news();
      return await seeStreamThrough({ news, ended: new Promise(() => {}), errand, debug: log.debug });
    }
    const openHistory = () => new InputHistory(paths.ampHistory);
    return await watching({ client, debug: log.debug }, (watch) =>
      seeTerminalThrough({ client, watch, errand, openHistory, minLifeMs: 0, mayType: true }),
    );
  } catch (error) {
    if (!(error instanceof NotReady)) throw error;
    const output = readEvidence(paths.startLog, outputFrom);
    throw diagnose({ output, screen: error.screen, ending: error.ending, modes: [] }, config);
  }
}

async function rests(client: AgentApiClient): Promise<void> {
  try {
    await until(client, (event) => event.event === "status_change" && event.data.status === "stable", {
      timeoutMs: STABLE_TIMEOUT_MS,
    });
  } catch (cause) {
    throw new ModuleError(
      `The prompt was not sent: Amp has been at work on something else for ${STABLE_TIMEOUT_MS / 1000} s.`,
      "Send it in the chat, or run `amp-module start` again when Amp has finished.",
      { cause },
    );
  }
}
