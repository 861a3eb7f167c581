import { isSecretName } from "../base/redact.ts";
import { callAmp } from "./call.ts";
import { AmpOptionError } from "./errors.ts";
import type { AmpOptions } from "./options.ts";

/** A server that Amp starts, or one that it calls. */
export type NewMcpServer =
  | { command: string; args?: readonly string[]; env?: Readonly<Record<string, string>> }
  | { url: string; headers?: Readonly<Record<string, string>> };

/**
 * Adds an MCP server to the user's settings, or to the workspace's. Needs no network.
 *
 * @throws AmpError
 * @throws AmpOptionError for a secret by value: Amp's command takes it as an argument, which every process of the machine can
 *   read. Write `${NAME}`, which Amp expands.
 */
export async function addMcpServer(
  name: string,
  server: NewMcpServer,
  options: AmpOptions & { workspace?: boolean } = {},
): Promise<void> {
  const place = options.workspace ? ["--workspace"] : [];
  const what =
    "url" in server
      ? [...pairs("--header", server.headers ?? {}, () => true), server.url]
      : [...pairs("--env", server.env ?? {}, isSecretName), "--", server.command, ...(server.args ?? [])];
  await callAmp(["mcp", "add", named(name), ...place, ...what], options);
}

/** Removes an MCP server from the workspace's settings, or else from the user's. Needs no network. @throws AmpError */
export async function removeMcpServer(name: string, options: AmpOptions = {}): Promise<void> {
  await callAmp(["mcp", "remove", named(name)], options);
}

/** Lets Amp start a server of the workspace's settings, which it asks about otherwise. @throws AmpError */
export async function approveMcpServer(name: string, options: AmpOptions = {}): Promise<void> {
  await callAmp(["mcp", "approve", named(name)], options);
}

function pairs(
  flag: string,
  values: Readonly<Record<string, string>>,
  isSecret: (name: string) => boolean,
): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (isSecret(name) && !value.includes("${")) {
      throw new AmpOptionError(
        `${name} would stand in an argument list, which every process of the machine can read; write \${NAME} for it`,
      );
    }
    return [flag, `${name}=${value}`];
  });
}

function named(name: string): string {
  if (/^[\w.-]*\w[\w.-]*$/.test(name) && !name.startsWith("-")) return name;
  throw new AmpOptionError(`${JSON.stringify(name)} is no name for an MCP server`);
}
