import type { AmpProbe } from "../amp/probe.ts";
import { MODULE_VERSION } from "../base/module-version.ts";
import { describeRuntime } from "../base/runtime.ts";
import type { Paths } from "../paths.ts";

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
    `Module: ${MODULE_VERSION} in ${moduleDir}, on ${describeRuntime()}.`,
    `Amp: ${amp.version} in ${amp.path}.`,
    ...(agentapi ? [`AgentAPI: ${agentapi.version} in ${agentapi.path}.`] : []),
  ];
}
