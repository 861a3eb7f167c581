import { commandLineOf } from "../base/process-identity.ts";
import type { Config } from "../config.ts";

/** With this an Amp is a runner: it has no screen and no AgentAPI, and runs threads that are begun on Amp's site. */
export const RUNNER_FLAG = "--no-tui";

/** What the logs call what runs under the supervisor. */
export function serverName({ transport }: Pick<Config, "transport">): string {
  return transport === "runner" ? "Amp's runner" : "AgentAPI";
}

/** Whether a process is AgentAPI, the runner in its place, or their supervisor, whose arguments are their command line. */
export function isServer(pid: number): boolean {
  return /\bagentapi\b.* server /.test(`${commandLineOf(pid)} `) || hasRunnerFlag(pid);
}

export function isSupervisor(pid: number): boolean {
  return isServer(pid) && /\bsupervisor\.sh /.test(commandLineOf(pid) ?? "");
}

/** Whether a process is AgentAPI itself, or the runner. */
export function isAgentApi(pid: number): boolean {
  return isServer(pid) && !isSupervisor(pid);
}

export function isRunner(pid: number): boolean {
  return hasRunnerFlag(pid) && !isSupervisor(pid);
}

function hasRunnerFlag(pid: number): boolean {
  return `${commandLineOf(pid)} `.includes(` ${RUNNER_FLAG} `);
}

/** The port that AgentAPI was told to listen on. */
export function portOf(pid: number): number | undefined {
  const port = commandLineOf(pid)?.match(/ server .*?--port (\d+)/)?.[1];
  return port === undefined ? undefined : Number(port);
}
