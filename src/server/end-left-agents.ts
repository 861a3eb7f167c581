import type { Context } from "../context.ts";
import { endAgents } from "./end.ts";
import { findLeftAgents } from "./left-behind.ts";

/**
 * Ends every agent that has outlived its AgentAPI: two must not work on one thread. The supervisor calls it before it
 * starts AgentAPI again; what the agents have put into the background lives on.
 */
export async function endLeftAgents({ config, paths, openLog }: Context): Promise<void> {
  const agents = findLeftAgents(paths.moduleDir);
  if (agents.length === 0) return;
  const ending = await endAgents(agents);
  const log = openLog(paths.startLog, { rotate: false, quiet: true });
  const how = ending === "ended" ? "it is ended" : "it does not end at SIGTERM and is killed";
  log.info(
    `Amp has outlived its ${config.transport === "runner" ? "supervisor" : "AgentAPI"}: ${how} (pid ${agents.map(({ pid }) => pid).join(", ")}).`,
  );
  log.close();
}
