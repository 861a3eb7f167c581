import { findAmps } from "../amp/find.ts";
import { namedAmp, officialPlaces, userNpmPrefix } from "../amp/places.ts";
import { ampProbeCache } from "../amp/probe.ts";
import type { Context } from "../context.ts";
import { findAgentapis } from "../install/agentapi/find.ts";
import { agentapiCache } from "../install/agentapi/probe.ts";
import { ampSearch } from "../paths.ts";

/** A program as far as it is known without running it. */
export interface KnownProgram {
  /** Null if it was put there after the last start, which alone runs it to ask. */
  version: string | null;
  path: string;
  /** Who brought it, in words. */
  from: string;
}

type Where = Pick<Context, "paths" | "env">;

/** The Amp that the last start took, else the first that is found. */
export function knownAmp({ paths, env }: Where): KnownProgram | null {
  const cache = ampProbeCache(paths.ampProbe);
  const found = findAmps(ampSearch({ paths, env }));
  const probe = found.map((path) => cache.read(path)).find((known) => known !== undefined);
  const path = probe?.path ?? found[0];
  return path === undefined
    ? null
    : { version: probe?.version ?? null, path, from: originOf(path, { paths, env }) };
}

/** AgentAPI in the same way. */
export function knownAgentapi({ paths, env }: Where): KnownProgram | null {
  const found = findAgentapis(paths, env);
  const cache = agentapiCache(paths.agentapiProbe);
  const probe = found.map((path) => cache.read(path)).find((known) => known !== undefined);
  const path = probe?.path ?? found[0];
  return path === undefined
    ? null
    : { version: probe?.version ?? null, path, from: originOf(path, { paths, env }) };
}

function originOf(path: string, { paths, env }: Where): string {
  const isIn = (folder: string) => path.startsWith(`${folder}/`);
  if (path === namedAmp(env)) return "named by AMP_CLI_PATH";
  if (isIn(paths.npmPrefix)) return "installed by the module with npm";
  if (isIn(paths.prebaked)) return "from the image (prebake)";
  if (path === paths.agentapi) return "downloaded by the module";
  if (Object.values(officialPlaces(paths.home)).includes(path)) return "official installer";
  if (isIn(userNpmPrefix(paths.home))) return "installed with npm";
  return "found on PATH";
}
