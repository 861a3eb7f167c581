import type { SessionModeState } from "@agentclientprotocol/sdk";
import { mayHaveMode } from "../amp/modes.ts";
import type { AmpProbe } from "../amp/probe.ts";

/** Stands for Amp's own choice. Amp does not tell which of its modes that is. */
const DEFAULT = "default";

/** The modes of this Amp as session modes. */
export function modeState({ modes }: AmpProbe, current: string | undefined): SessionModeState {
  const known = current === undefined || modes.includes(current) ? modes : [...modes, current];
  return {
    currentModeId: current ?? DEFAULT,
    availableModes: [
      { id: DEFAULT, name: "Default", description: "The mode that Amp takes by itself" },
      ...known.map((id) => ({ id, name: id.charAt(0).toUpperCase() + id.slice(1) })),
    ],
  };
}

/** The value for Amp's `--mode`. @returns undefined for the default, null for a mode that there is not */
export function modeOf(amp: AmpProbe, id: string): string | undefined | null {
  if (id === DEFAULT) return undefined;
  return mayHaveMode(amp, id) ? id : null;
}
