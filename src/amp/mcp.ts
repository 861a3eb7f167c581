import * as z from "zod/mini";
import { callAmp, callAmpJson } from "./call.ts";
import type { AmpOptions } from "./options.ts";

const servers = z.array(
  z.looseObject({
    name: z.string(),
    /** `command` or `url`. */
    type: z.optional(z.string()),
    source: z.optional(z.string()),
    /** As configured. Holds secrets (`env`, `headers`): not for a log. */
    spec: z.optional(z.record(z.string(), z.unknown())),
  }),
);

export type McpServerEntry = z.infer<typeof servers>[number];

export interface McpHealth {
  name: string;
  /** Where it is configured, in Amp's words. */
  source: string;
  /** `connected`, `connecting`, `reconnecting`, `error`, … */
  status: string;
  detail: string;
}

/** The configured MCP servers. Needs no network. @throws AmpError */
export function listMcpServers(options: AmpOptions = {}): Promise<McpServerEntry[]> {
  return callAmpJson(["mcp", "list", "--json"], servers, options);
}

/** Starts every MCP server and tells how that ended. Needs a key; takes seconds. @throws AmpError */
export async function checkMcpServers(options: AmpOptions & { server?: string } = {}): Promise<McpHealth[]> {
  const { stdout } = await callAmp(["mcp", "doctor", ...(options.server ? [options.server] : [])], options);
  return parseDoctor(stdout);
}

/** Reads lines such as `name (source): error - why`. Amp prints every change: the last one of a server counts. */
export function parseDoctor(text: string): McpHealth[] {
  const servers = new Map<string, McpHealth>();
  for (const line of text.split("\n")) {
    const [, name, source, status, detail] = line.match(/^(\S.*?) \(([^)]*)\): ([\w-]+)(.*)$/) ?? [];
    if (name === undefined || source === undefined || status === undefined) continue;
    servers.set(name, { name, source, status, detail: (detail ?? "").replace(/^[\s-]+|\.\.\.$/g, "") });
  }
  return [...servers.values()];
}
