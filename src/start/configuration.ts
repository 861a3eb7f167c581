import { createHash } from "node:crypto";
import type { Config } from "../config.ts";
import type { Command } from "./commands.ts";

/**
 * A digest of everything that a running AgentAPI was started with. Another digest means: start it anew. Secrets go
 * into it, none can be read out of it.
 */
export function configurationDigest(
  config: Config,
  command: Command,
  versions: string[],
  env: NodeJS.ProcessEnv,
): string {
  const { ai_prompt: _, log_level: __, warnings: ___, ...lasting } = config;
  return digest(JSON.stringify([lasting, command, versions, env["AMP_API_KEY"] ?? "", env["AMP_URL"] ?? ""]));
}

/** @returns "" for no prompt */
export function promptDigest(prompt: string): string {
  return prompt === "" ? "" : digest(prompt);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
