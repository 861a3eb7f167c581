import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "jsonc-parser";
import type { Context } from "../../context.ts";
import { reasonOf } from "../../errors.ts";
import { readTextIfExists, writeFileAtomic } from "../../system/atomic-file.ts";
import { DownloadError, download, withoutCredentials } from "../../system/download.ts";
import type { Log } from "../../system/log.ts";
import { isObject, type Json, type JsonObject } from "./desired.ts";

/** A start waits for this, so it is short. */
const LIMITS = { connectMs: 5_000, idleMs: 5_000, totalMs: 10_000, maxBytes: 4 * 1024 ** 2, attempts: 2 };

/**
 * The MCP servers behind `mcp_config_remote_path`, all addresses asked side by side; of two servers with one name the
 * later address's wins. One that fails is a warning, and what it answered last time is used.
 */
export async function remoteServers(context: Context, log: Log): Promise<JsonObject> {
  const answers = await Promise.all(
    context.config.mcp_config_remote_path.map((url) => serversAt(url, context, log)),
  );
  return Object.assign({}, ...answers);
}

async function serversAt(url: string, { paths, env }: Context, log: Log): Promise<JsonObject> {
  const name = createHash("sha256").update(url).digest("hex").slice(0, 16);
  const kept = join(paths.state, `remote-mcp-${name}.json`);
  const fresh = `${kept}.new`;
  try {
    await download(url, fresh, { mode: 0o600, env, limits: LIMITS });
    const servers = serversIn(parse(await readFile(fresh, "utf8")));
    writeFileAtomic(kept, JSON.stringify(servers));
    return servers;
  } catch (error) {
    const last = lastAnswer(kept);
    const consequence = last === undefined ? "its servers are missing" : "its last good answer is used";
    log.warn(`mcp_config_remote_path: ${consequence}: ${withUrl(url, error)}`);
    return last ?? {};
  } finally {
    await rm(fresh, { force: true });
  }
}

/** Takes `{ name: server }`, also below `mcpServers` or `amp.mcpServers`, as other agents' files have it. */
function serversIn(answer: Json): JsonObject {
  const outer = isObject(answer) ? answer : undefined;
  const servers = outer?.["mcpServers"] ?? outer?.["amp.mcpServers"] ?? outer;
  if (!isObject(servers)) throw new Error("the answer is not a JSON object of MCP servers");
  for (const [name, server] of Object.entries(servers)) {
    if (!isObject(server) || !(typeof server["command"] === "string" || typeof server["url"] === "string")) {
      throw new Error(`the server "${name}" in the answer has neither a command nor a url`);
    }
  }
  return servers;
}

function lastAnswer(path: string): JsonObject | undefined {
  try {
    return serversIn(parse(readTextIfExists(path) ?? ""));
  } catch {
    return undefined;
  }
}

/** A download's error names its address already. */
function withUrl(url: string, error: unknown): string {
  return error instanceof DownloadError ? reasonOf(error) : `${withoutCredentials(url)}: ${reasonOf(error)}`;
}
