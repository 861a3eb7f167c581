import { join } from "node:path";
import { sha256 } from "./base/digest.ts";
import { namesIn } from "./base/glance.ts";
import type { Paths } from "./paths.ts";

const PREFIX = "remote-mcp-";

/** Where the last good answer of an address in `mcp_config_remote_path` is kept; it may hold secrets. */
export function keptAnswer(url: string, { state }: Paths): string {
  return join(state, `${PREFIX}${sha256(url).slice(0, 16)}.json`);
}

/** All that are kept, also of an address that the template no longer names, and what a killed run left of one. */
export function keptAnswers({ state }: Paths): string[] {
  return namesIn(state).flatMap((name) => (name.startsWith(PREFIX) ? [join(state, name)] : []));
}
