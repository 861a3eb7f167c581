import { readFileSync } from "node:fs";
import * as z from "zod/mini";
import { sha256 } from "../../base/digest.ts";
import { probeCache } from "../../base/probe-cache.ts";
import { run } from "../../base/run.ts";
import { versionIn } from "../../base/version.ts";

const TIMEOUT_MS = 20_000;

const probeSchema = z.object({ path: z.string(), version: z.string(), sha256: z.string() });

/** One AgentAPI binary that runs. `version` has no leading `v`; `sha256` is of the file, lower-case hex. */
export type AgentapiProbe = z.infer<typeof probeSchema>;

/** Where a probe is kept between runs. */
export const agentapiCache = (file: string) => probeCache(file, probeSchema);

/**
 * Runs `agentapi --version`, whose answer is `agentapi version 0.12.1`.
 *
 * @param known its SHA-256, if somebody has read the file already
 * @throws Error saying how it failed
 */
export async function probeAgentapi(
  path: string,
  env: NodeJS.ProcessEnv,
  timeoutMs = TIMEOUT_MS,
  known?: string,
): Promise<AgentapiProbe> {
  const { exitCode, output, failure } = await run(path, ["--version"], { env, timeoutMs });
  const version = versionIn(output, "\\bversion ");
  if (exitCode !== 0) throw new Error(failure ?? `exit code ${exitCode}: ${output.trim().slice(0, 300)}`);
  if (!version) throw new Error(`it answers --version with: ${output.trim().slice(0, 300)}`);
  return { path, version, sha256: known ?? sha256(readFileSync(path)) };
}
