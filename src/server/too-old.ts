import { compareVersions } from "../base/version.ts";
import { FIRST_WITH_ACP, FIRST_WITH_AMP, FIRST_WITH_STATE } from "./releases.ts";

/** What AgentAPI is given, with the first release that takes it. */
const NEEDS: readonly (readonly [pattern: RegExp, what: string, since: string])[] = [
  [/unknown flag: --experimental-acp\b/, 'transport = "stream" (--experimental-acp)', FIRST_WITH_ACP],
  [
    /unknown flag: --(state-file|load-state|save-state|pid-file)\b/,
    "enable_state_persistence",
    FIRST_WITH_STATE,
  ],
  [/invalid agent type: amp\b/, "Amp (--type amp)", FIRST_WITH_AMP],
];

/**
 * An AgentAPI that refuses what it is given, as its own words tell. Only AgentAPI says `unknown flag`; Amp says `unknown
 * option`.
 *
 * @param version the installed AgentAPI's
 */
export function tooOldAgentApi(output: string, version: string): { what: string; fix: string } | undefined {
  const refused = output.match(/unknown (?:shorthand )?flag: .*|invalid agent type: amp\b/)?.[0]?.trim();
  if (refused === undefined) return undefined;
  const need = NEEDS.find(([pattern]) => pattern.test(output));
  const since = need?.[2] ?? FIRST_WITH_AMP;
  const subject = need?.[1] ?? "this module";
  if (compareVersions(version, since) >= 0) {
    return {
      what: `AgentAPI ${version} does not know one of its arguments (${refused})`,
      fix: "Leave agentapi_version at its default.",
    };
  }
  return {
    what: `AgentAPI ${version} is too old (${refused}): ${subject} needs ${since} or newer`,
    fix: `Set agentapi_version to v${since} or newer, or leave it at its default; with install_agentapi = false update the one in the image.`,
  };
}
