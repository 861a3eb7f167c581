import { type AgentApiClient, createAgentApiClient } from "../agentapi/client.ts";
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

/**
 * The AgentAPI of this module instance.
 *
 * @throws ModuleError saying why it cannot be talked to, and what to do
 */
export async function findServer(context: Context): Promise<Server> {
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
