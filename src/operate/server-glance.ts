import { existsSync } from "node:fs";
import { createAgentApiClient } from "../agentapi/client.ts";
import { readRunner } from "../amp/runner.ts";
import type { AmpScreen } from "../amp/screen.ts";
import { lockHolder } from "../base/lock.ts";
import { uptimeOf } from "../base/uptime.ts";
import type { Context } from "../context.ts";
import { familyOf } from "../server/end.ts";
import { readEvidence } from "../server/evidence.ts";
import { isStopped } from "../server/health.ts";
import { whatRuns } from "../server/ours.ts";
import { describePortHolder, isPortTaken } from "../server/port-holder.ts";
import { isAgentApi, isSupervisor } from "../server/process.ts";
import { glance } from "./agent-glance.ts";

/**
 * - `ready`, `working`, `asking`: it answers; Amp waits for a message, is at work, or wants a person to look at its screen
 * - `serving`: a runner, which runs threads that are begun on Amp's site
 * - `starting`: an install or a start is at work
 * - `restarting`: AgentAPI is gone, and its supervisor starts it again
 * - `hung`: it runs and answers nothing
 * - `astray`: it runs without its supervisor or its record
 * - `ended`: it is gone although nobody stopped it
 * - `stopped`: there is none; `port-taken` says that somebody else is in its place
 * - `none-wanted`: `enable_agentapi` is false
 */
export type ServerState =
  | ("ready" | "working" | "asking" | "serving" | "starting" | "restarting")
  | ("hung" | "astray" | "ended" | "stopped" | "port-taken" | "none-wanted");

export interface ServerGlance {
  state: ServerState;
  /** AgentAPI's own process, or the runner's. */
  pid: number | null;
  uptimeS: number | null;
  supervisor: number | null;
  /** What Amp says that it is busy with, such as `Streaming`; of a runner that Amp's site does not know it. */
  activity: string | null;
  /** A process that explains the state: a start that is at work, or one that is astray. */
  culprit: string | null;
}

const NOT_REGISTERED = "not connected to Amp's site";

/** Looks at the processes, then at what AgentAPI answers. */
export async function glanceAtServer({ config, paths }: Context): Promise<ServerGlance> {
  const nothing: ServerGlance = {
    ...{ state: "stopped", pid: null, uptimeS: null, supervisor: null, activity: null, culprit: null },
  };
  const isRunner = config.transport === "runner";
  if (!config.enable_agentapi && !isRunner) return { ...nothing, state: "none-wanted" };
  const starter = lockHolder(paths.lock);
  const { running, astray } = whatRuns(paths);
  if (!running) {
    if (starter) return { ...nothing, state: "starting", culprit: `pid ${starter.pid}` };
    if (astray.length > 0)
      return { ...nothing, state: "astray", culprit: `pid ${astray.map(({ pid }) => pid).join(", ")}` };
    if (existsSync(paths.running)) return { ...nothing, state: "ended" };
    if (!isRunner && (await isPortTaken(config.agentapi_port)))
      return { ...nothing, state: "port-taken", culprit: describePortHolder(config.agentapi_port) };
    return nothing;
  }
  const server = familyOf([running]).find(({ pid }) => isAgentApi(pid));
  const known = {
    ...nothing,
    pid: server?.pid ?? null,
    uptimeS: (server && uptimeOf(server.pid)) ?? null,
    supervisor: isSupervisor(running.pid) ? running.pid : null,
  };
  if (!running.isReady && starter) return { ...known, state: "starting", culprit: `pid ${starter.pid}` };
  if (!server) return { ...known, state: "restarting" };
  if (isStopped(server.pid)) return { ...known, state: "hung" };
  if (isRunner) {
    const { isRegistered } = readRunner(readEvidence(paths.startLog, 0));
    return { ...known, state: "serving", activity: isRegistered ? null : NOT_REGISTERED };
  }
  const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${running.port}` });
  const seen = await glance(client, config.transport === "terminal");
  if (seen.answers !== "yes") {
    const state = { hung: "hung", gone: "restarting", foreign: "port-taken" } as const;
    return { ...known, state: state[seen.answers] };
  }
  return {
    ...known,
    state: wantsAPerson(seen.screen) ? "asking" : seen.status === "stable" ? "ready" : "working",
    activity: seen.screen?.activity || null,
  };
}

/** What is in front of the input box takes what is typed. */
export function wantsAPerson(screen: AmpScreen | null): boolean {
  return screen !== null && ["dialog", "tour", "failed"].includes(screen.kind);
}
