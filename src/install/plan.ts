import { ampPlacesInWords } from "../amp/places.ts";
import type { AmpProbe } from "../amp/probe.ts";
import { ModuleError } from "../base/errors.ts";
import { compareVersions } from "../base/version.ts";
import { type Config, pinnedVersion } from "../config.ts";
import { PREBAKED_DIR } from "../paths.ts";
import { AGENTAPI_PLACES_IN_WORDS } from "./agentapi/find.ts";
import type { AgentapiProbe } from "./agentapi/probe.ts";
import type { RouteContext } from "./amp/route.ts";
import { routeFor } from "./amp/routes.ts";

/** What is to be done about one program. `reason` is the line that the log shows before it is done. */
export type Decision<Program> =
  | { action: "keep"; program: Program; reason: string }
  /** `fallback` worked before and stays in use if the install fails or brings nothing newer. */
  | { action: "install"; fallback: Program | undefined; reason: string };

/** The variables that decide about Amp. */
export type AmpWishes = Pick<Config, "install_amp" | "amp_version" | "amp_update_check_hours"> &
  RouteContext["config"];

/** The variables that decide about AgentAPI. */
export type AgentapiWishes = Pick<Config, "install_agentapi" | "agentapi_version" | "agentapi_sha256">;

export interface AmpFindings {
  /** Every Amp that runs, in order of preference. */
  working: readonly AmpProbe[];
  /** How long ago the newest release was looked up, in milliseconds; undefined for never. */
  sinceCheckMs: number | undefined;
}

const HOUR_MS = 3_600_000;

/**
 * Decides about Amp. A pinned version must match; `latest` is kept and looked up again every `amp_update_check_hours`.
 *
 * @throws ModuleError if there is no Amp and none may be installed
 */
export function planAmp(config: AmpWishes, { working, sinceCheckMs }: AmpFindings): Decision<AmpProbe> {
  const wanted = pinnedVersion(config.amp_version);
  const route = routeFor(config).name;
  const [first] = working;
  const match = wanted === undefined ? first : working.find((amp) => amp.version === wanted);
  const found = first ? `Amp ${first.version} found in ${first.path}` : "Amp not found";

  if (match && wanted !== undefined)
    return { action: "keep", program: match, reason: `${inPlace(match)}, wanted ${wanted}: keep` };
  if (match) {
    const checked = sinceCheckMs === undefined ? "" : `, last checked ${age(sinceCheckMs)} ago`;
    // A first sight counts as a check: an image may bring its Amp along, and a start should not download it again.
    const isDue =
      sinceCheckMs !== undefined && Math.abs(sinceCheckMs) >= config.amp_update_check_hours * HOUR_MS;
    const isEveryStart = config.amp_update_check_hours === 0;
    if (!config.install_amp || !(isDue || isEveryStart)) {
      return { action: "keep", program: match, reason: `${inPlace(match)}, wanted latest${checked}: keep` };
    }
    return {
      action: "install",
      fallback: match,
      reason: `${found}, wanted latest${checked}: look for a newer one with ${route}`,
    };
  }
  if (config.install_amp) {
    return {
      action: "install",
      fallback: first,
      reason: `${found}, wanted ${wanted ?? "latest"}: install with ${route}`,
    };
  }
  if (first)
    return {
      action: "keep",
      program: first,
      reason: `${found}, wanted ${wanted}, but install_amp is false: keep`,
    };
  throw new ModuleError(
    `No working Amp was found (${ampPlacesInWords([PREBAKED_DIR])}), and install_amp is false.`,
    "Set install_amp = true, or add Amp to the workspace image.",
  );
}

/**
 * Decides about AgentAPI. A checksum must match if one is given; `latest` is whatever runs.
 *
 * @throws ModuleError if there is none that may be used and none may be installed
 */
export function planAgentapi(
  config: AgentapiWishes,
  working: readonly AgentapiProbe[],
): Decision<AgentapiProbe> {
  const wanted = pinnedVersion(config.agentapi_version);
  const sha256 = config.agentapi_sha256.toLowerCase();
  const trusted = working.filter((agentapi) => sha256 === "" || agentapi.sha256 === sha256);
  const match = trusted.find((agentapi) => wanted === undefined || agentapi.version === wanted);
  const [first] = trusted;
  const found = first ? `AgentAPI ${first.version} found in ${first.path}` : "AgentAPI not found";

  if (match) {
    const reason = `AgentAPI ${match.version} in ${match.path}, wanted ${config.agentapi_version}: keep`;
    return { action: "keep", program: match, reason };
  }
  if (config.install_agentapi) {
    return {
      action: "install",
      fallback: first,
      reason: `${found}, wanted ${config.agentapi_version}: download`,
    };
  }
  if (first) {
    const reason = `${found}, wanted ${config.agentapi_version}, but install_agentapi is false: keep`;
    return { action: "keep", program: first, reason };
  }
  const [untrusted] = working;
  throw untrusted
    ? new ModuleError(
        `${untrusted.path} has sha256 ${untrusted.sha256}, not the one in agentapi_sha256, and install_agentapi is false.`,
        "Correct agentapi_sha256, replace the binary, or set install_agentapi = true.",
      )
    : new ModuleError(
        `No working AgentAPI was found (${AGENTAPI_PLACES_IN_WORDS}), and install_agentapi is false.`,
        "Set install_agentapi = true, or add agentapi to the workspace image.",
      );
}

/** Whether an installed `latest` may take the place of what was there: it never goes back. */
export function isUpgrade(installed: { version: string }, before: { version: string } | undefined): boolean {
  return before === undefined || compareVersions(installed.version, before.version) >= 0;
}

function inPlace(amp: AmpProbe): string {
  return `Amp ${amp.version} in ${amp.path}`;
}

function age(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
