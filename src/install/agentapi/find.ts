import { lstatSync } from "node:fs";
import { join } from "node:path";
import { findOnPath, isExecutable } from "../../base/executables.ts";
import { type Paths, PREBAKED_DIR } from "../../paths.ts";

/** Every executable AgentAPI, in order of preference: the module's own, a prebaked one, one on PATH. None is run. */
export function findAgentapis(paths: Pick<Paths, "agentapi" | "prebaked">, env: NodeJS.ProcessEnv): string[] {
  // A link in the module's `bin` leads to one of the others.
  const own = lstatSync(paths.agentapi, { throwIfNoEntry: false })?.isFile() ? [paths.agentapi] : [];
  const others = [join(paths.prebaked, "bin", "agentapi"), findOnPath("agentapi", env) ?? ""];
  return [...new Set([...own, ...others])].filter(isExecutable);
}

/** The same in words. */
export const AGENTAPI_PLACES_IN_WORDS = `module directory, ${PREBAKED_DIR}, PATH`;
