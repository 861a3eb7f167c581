import { createAgentApiClient } from "../../../src/agentapi/client.ts";
import type { Site } from "./site.ts";
import { processTree } from "./tree.ts";

/** What runs twice, or not at all; "" for one AgentAPI that answers, with its supervisor and its agent. */
export async function notOneOfEach(site: Site): Promise<string> {
  const { supervisor, agentapi, agent } = await processTree(site);
  const counts = `${supervisor.length} supervisors, ${agentapi.length} AgentAPIs, ${agent.length} agents`;
  if (supervisor.length !== 1 || agentapi.length !== 1 || agent.length !== 1) return counts;
  // A stream's turn holds every answer back.
  if (site.transport === "stream") return "";
  const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${site.config.agentapi_port}` });
  return await client.status({ timeoutMs: 20_000 }).then(
    () => "",
    (error: Error) => `AgentAPI does not answer: ${error.message}`,
  );
}
