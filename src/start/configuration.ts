import { sha256 } from "../base/digest.ts";
import type { Config } from "../config.ts";
import type { Command } from "../server/command.ts";

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
  return sha256(JSON.stringify([lasting, command, versions, env["AMP_API_KEY"] ?? "", env["AMP_URL"] ?? ""]));
}
