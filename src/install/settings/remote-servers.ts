import { readFileSync, rmSync } from "node:fs";
import { writeFileAtomic } from "../../base/atomic-file.ts";
import { DownloadError, download, withoutCredentials } from "../../base/download.ts";
import { reasonOf } from "../../base/errors.ts";
import type { JsonObject } from "../../base/jsonc.ts";
import type { Log } from "../../base/log.ts";
import { mcpSecrets } from "../../base/redact.ts";
import type { Context } from "../../context.ts";
import type { Paths } from "../../paths.ts";
import { keptAnswer, keptAnswers } from "../../remote-answers.ts";
import { parseServerList } from "./server-list.ts";

/** A start waits for this, so it is short. */
/** Bytes of a list of servers; a longer answer is none. */
export const LARGEST_LIST = 128 * 1024;
const LIMITS = { connectMs: 5_000, idleMs: 5_000, totalMs: 10_000, maxBytes: LARGEST_LIST, attempts: 2 };

/**
 * The MCP servers behind `mcp_config_remote_path`, all addresses asked side by side; of two servers with one name the
 * later address's wins. One that fails, or answers with half a list, is a warning, and what it answered last time is used.
 */
export async function remoteServers(context: Context, log: Log): Promise<JsonObject> {
  const urls = context.config.mcp_config_remote_path;
  removeForgotten(urls, context.paths);
  const answers = await Promise.all(urls.map((url) => serversAt(url, context, log)));
  return Object.fromEntries(answers.flatMap((servers) => Object.entries(servers)));
}

async function serversAt(url: string, { paths, env, redact }: Context, log: Log): Promise<JsonObject> {
  const kept = keptAnswer(url, paths);
  const fresh = `${kept}.new`;
  try {
    await download(url, fresh, { mode: 0o600, env, limits: LIMITS });
    const servers = parseServerList(readFileSync(fresh));
    redact.learn?.(mcpSecrets(servers));
    writeFileAtomic(kept, JSON.stringify(servers));
    return servers;
  } catch (error) {
    const last = lastAnswer(kept);
    const consequence = last === undefined ? "its servers are missing" : "its last good answer is used";
    log.warn(`mcp_config_remote_path: ${consequence}: ${withUrl(url, error)}`);
    return last ?? {};
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** What an address answered may hold secrets: it goes with the address. */
function removeForgotten(urls: readonly string[], paths: Paths): void {
  const wanted = urls.map((url) => keptAnswer(url, paths));
  for (const path of keptAnswers(paths)) if (!wanted.includes(path)) rmSync(path, { force: true });
}

function lastAnswer(path: string): JsonObject | undefined {
  try {
    return parseServerList(readFileSync(path));
  } catch {
    return undefined;
  }
}

/** A download's error names its address already. */
function withUrl(url: string, error: unknown): string {
  return error instanceof DownloadError ? reasonOf(error) : `${withoutCredentials(url)}: ${reasonOf(error)}`;
}
