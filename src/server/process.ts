import { commandLineOf } from "../base/process-identity.ts";

/** Whether a process is AgentAPI or its supervisor, whose arguments are AgentAPI's command line. */
export function isServer(pid: number): boolean {
  return /\bagentapi\b.* server /.test(`${commandLineOf(pid)} `);
}

export function isSupervisor(pid: number): boolean {
  return isServer(pid) && /\bsupervisor\.sh /.test(commandLineOf(pid) ?? "");
}

/** Whether a process is AgentAPI itself. */
export function isAgentApi(pid: number): boolean {
  return isServer(pid) && !isSupervisor(pid);
}

/** The port that AgentAPI was told to listen on. */
export function portOf(pid: number): number | undefined {
  const port = commandLineOf(pid)?.match(/ server .*?--port (\d+)/)?.[1];
  return port === undefined ? undefined : Number(port);
}
