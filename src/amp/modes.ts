import type { AmpProbe } from "./probe.ts";

/** Amp takes a mode's name in any case. */
export function isListed(mode: string, modes: readonly string[]): boolean {
  return modes.some((known) => known.toLowerCase() === mode.toLowerCase());
}

/** Whether this Amp takes a mode, as far as can be told: plugins add modes, and not every release lists its own. */
export function mayHaveMode(
  { modes, hasPluginModes }: Pick<AmpProbe, "modes" | "hasPluginModes">,
  mode: string,
): boolean {
  return isListed(mode, modes) || hasPluginModes || modes.length === 0;
}
