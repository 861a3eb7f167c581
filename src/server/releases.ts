import { compareVersions } from "../base/version.ts";

/** The first AgentAPI release with Amp; it takes every flag that is always given. */
export const FIRST_WITH_AMP = "0.4.0";
/** Earlier releases have no `--experimental-acp`. */
export const FIRST_WITH_ACP = "0.12.0";
/** Earlier releases have neither the state file nor a handler for SIGUSR1, which would end them. */
export const FIRST_WITH_STATE = "0.12.0";

export function canSaveState(agentapiVersion: string): boolean {
  return compareVersions(agentapiVersion, FIRST_WITH_STATE) >= 0;
}
