import { readFileSync, realpathSync, statSync } from "node:fs";
import * as z from "zod/mini";
import { sha256 } from "../../base/digest.ts";
import { fileProbeCache } from "../../base/probe-cache.ts";
import { run } from "../../base/run.ts";

const TIMEOUT_MS = 20_000;

const probeSchema = z.object({ path: z.string(), version: z.string(), sha256: z.string() });

/** One AgentAPI binary that runs. `version` has no leading `v`; `sha256` is of the file, lower-case hex. */
export type AgentapiProbe = z.infer<typeof probeSchema>;

const cacheSchema = z.object({ fingerprint: z.string(), probe: probeSchema });

/** The cached probe of `path`, or undefined where there is none or the binary was replaced. Runs nothing. */
export function cachedAgentapi(path: string, cacheFile: string): AgentapiProbe | undefined {
  try {
    const entry = cacheSchema.parse(JSON.parse(fileProbeCache(cacheFile).read() ?? "null"));
    return entry.probe.path === path && entry.fingerprint === fingerprint(path) ? entry.probe : undefined;
  } catch {
    return undefined;
  }
}

export function rememberAgentapi(probe: AgentapiProbe, cacheFile: string): void {
  fileProbeCache(cacheFile).write(JSON.stringify({ fingerprint: fingerprint(probe.path), probe }));
}

/**
 * Runs `agentapi --version`, whose answer is `agentapi version 0.12.1`.
 *
 * @throws Error saying how it failed
 */
export async function probeAgentapi(path: string, env: NodeJS.ProcessEnv): Promise<AgentapiProbe> {
  const { exitCode, output, failure } = await run(path, ["--version"], { env, timeoutMs: TIMEOUT_MS });
  const version = output.match(/\bversion v?(\d+\.\d+\.\d+\S*)/)?.[1];
  if (exitCode !== 0) throw new Error(failure ?? `exit code ${exitCode}: ${output.trim().slice(0, 300)}`);
  if (!version) throw new Error(`it answers --version with: ${output.trim().slice(0, 300)}`);
  const digest = sha256(readFileSync(path));
  return { path, version, sha256: digest };
}

function fingerprint(path: string): string {
  const real = realpathSync(path);
  const { ino, size, mtimeMs } = statSync(real);
  return [real, ino, size, mtimeMs].join(":");
}
