import { textIn } from "../base/glance.ts";
import type { Context } from "../context.ts";
import type { Finding } from "./finding.ts";

/** Says plainly who can talk to the agent: AgentAPI 0.12.1 has no password and no option to listen on loopback only. */
export function examineReach({ config }: Context): Finding[] {
  const port = config.agentapi_port;
  if (!config.enable_agentapi || !listensEverywhere(port)) return [];
  return [
    {
      state: "note",
      text:
        `reach: AgentAPI listens on every address of this workspace, without a password: who reaches port ${port}, ` +
        "from another machine or as another user of this one, reads the chat and types to Amp",
      fix: `Close port ${port} to other machines (network policy, security group); Coder's apps do not need it open.`,
    },
  ];
}

/** As proc(5) shows a socket: its number, local address and port, remote ones, state, of which 0A is listening. */
function listensEverywhere(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const listener = new RegExp(`^ *\\d+: 0+:${hex} \\S+ 0A `, "m");
  return ["/proc/net/tcp", "/proc/net/tcp6"].some((table) => listener.test(textIn(table)));
}
