import { createAgentApiClient } from "../agentapi/client.ts";
import type { Context } from "../context.ts";
import { type Health, serverHealth } from "../server/health.ts";
import { whatRuns } from "../server/ours.ts";
import { describePortHolder, isPortTaken } from "../server/port-holder.ts";
import type { Finding } from "./finding.ts";

const START = "Run `amp-module start`.";
const RESTART = "Run `amp-module stop`, then `amp-module start`.";

/** Whether AgentAPI runs, is ours and answers. */
export async function examineServer({ config, paths }: Context): Promise<Finding[]> {
  if (!config.enable_agentapi) {
    return [{ state: "ok", text: "server: none wanted, the terminal app runs Amp itself" }];
  }
  const port = config.agentapi_port;
  const { running, astray } = whatRuns(paths);
  if (running) {
    const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${port}` });
    const health = await serverHealth(client, running);
    const status = health === "healthy" ? await client.status().catch(() => undefined) : undefined;
    return [describe(health, running.pid, port, status?.status ?? "busy")];
  }
  if (astray.length > 0) {
    const pids = astray.map(({ pid }) => pid).join(", ");
    const text = `server: AgentAPI or Amp of this module (pid ${pids}) has lost its supervisor or its record`;
    return [{ state: "wrong", text, fix: "Run `amp-module start`: it ends them and starts anew." }];
  }
  if (await isPortTaken(port)) {
    const text = `server: port ${port} is taken by ${describePortHolder(port)}`;
    return [{ state: "wrong", text, fix: "Set agentapi_port to a free port, or end that process." }];
  }
  return [{ state: "wrong", text: "server: AgentAPI does not run", fix: START }];
}

function describe(health: Health, pid: number, port: number, agent: string): Finding {
  const name = `server: AgentAPI (pid ${pid})`;
  switch (health) {
    case "healthy":
      return { state: "ok", text: `${name} answers on port ${port}, the agent is ${agent}` };
    case "busy":
      return {
        state: "note",
        text: `${name} is busy with a message and answers again once it is handed over`,
      };
    case "hung":
      return { state: "wrong", text: `${name} hangs: it runs but answers nothing`, fix: RESTART };
    case "gone":
      return {
        state: "wrong",
        text: `${name} gives no answer on port ${port}: its supervisor may be about to start it again`,
        fix: `Read the last lines of agentapi-start.log. ${RESTART}`,
      };
  }
}
