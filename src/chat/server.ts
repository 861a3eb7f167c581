import { type AgentApiClient, createAgentApiClient } from "../agentapi/client.ts";
import { ampSite } from "../amp/thread-id.ts";
import { ModuleError } from "../base/errors.ts";
import type { Context } from "../context.ts";
import { gatherStatus, type Status } from "../operate/status.ts";

/** An AgentAPI that can be talked to. */
export interface Server {
  client: AgentApiClient;
  status: Status;
}

/** States that may end in an answer if one waits. */
const COMING: readonly string[] = ["starting", "restarting"];

export function isComing({ state }: Status): boolean {
  return COMING.includes(state);
}

/** Why nobody talks to a runner from here. */
export function talksElsewhere({ env }: Pick<Context, "env">): ModuleError {
  return new ModuleError(
    'With transport = "runner" the conversations of this workspace are on Amp\'s site.',
    `Begin or open a thread on ${ampSite(env)}; what runs here is in \`amp-module logs start\`.`,
  );
}

/**
 * The AgentAPI of this module instance.
 *
 * @throws ModuleError saying why it cannot be talked to, and what to do
 */
export async function findServer(context: Context): Promise<Server> {
  if (context.config.transport === "runner") throw talksElsewhere(context);
  const status = await gatherStatus(context);
  if (status.state === "none-wanted") {
    throw new ModuleError(
      "There is no AgentAPI to talk to: enable_agentapi is false.",
      `Run Amp itself: ${context.paths.bin}/amp-session, or \`amp-module run "…"\` for one prompt.`,
    );
  }
  if (!status.isHealthy) throw new ModuleError(status.summary, status.fix ?? "Run `amp-module doctor`.");
  return {
    client: createAgentApiClient({ baseUrl: `http://127.0.0.1:${context.config.agentapi_port}` }),
    status,
  };
}
