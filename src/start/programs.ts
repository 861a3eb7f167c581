import type { AmpProbe } from "../amp/probe.ts";
import { describeRuntime } from "../base/runtime.ts";
import type { Paths } from "../paths.ts";

/** Filled in by tools/build.ts. */
declare const MODULE_VERSION: string | undefined;

/**
 * What a start works with, a line each: the first lines of its log. Whoever reads of a failure there needs to know
 * which Amp and which AgentAPI it was.
 */
export function describePrograms(
  { moduleDir }: Pick<Paths, "moduleDir">,
  amp: Pick<AmpProbe, "path" | "version">,
  agentapi: { path: string; version: string } | undefined,
): string[] {
  return [
    `Module: ${typeof MODULE_VERSION === "string" ? MODULE_VERSION : "from its sources"} in ${moduleDir}, on ${describeRuntime()}.`,
    `Amp: ${amp.version} in ${amp.path}.`,
    ...(agentapi ? [`AgentAPI: ${agentapi.version} in ${agentapi.path}.`] : []),
  ];
}
