import type { McpServer } from "@agentclientprotocol/sdk";
import type { McpServerConfig } from "../amp/options.ts";

/** The client's MCP servers as Amp's settings have them, by name. */
export function toMcpConfig(servers: readonly McpServer[]): Record<string, McpServerConfig> {
  return Object.fromEntries(servers.map((server) => [server.name, toConfig(server)]));
}

function toConfig(server: McpServer): McpServerConfig {
  if ("command" in server) {
    const { command, args, env } = server;
    return { command, args, env: Object.fromEntries(env.map(({ name, value }) => [name, value])) };
  }
  const headers = server.headers.map(({ name, value }) => [name, value]);
  return { url: server.url, headers: Object.fromEntries(headers) };
}
