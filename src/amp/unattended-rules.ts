import type { PermissionRule } from "./options.ts";
import { listPermissions } from "./permissions.ts";
import type { AmpProbe } from "./probe.ts";

type Settings = Readonly<Record<string, unknown>>;

/** What Amp's settings say about permissions. */
export interface AmpPermissions {
  /** The user's rules, in order. Those of a workspace and of managed settings are Amp's own business. */
  rules: readonly PermissionRule[];
  /** Whether Amp asks at all: until one of these settings is there, it runs every tool. */
  isOn: boolean;
}

/**
 * Reads the settings as Amp's permissions plugin does (0.0.1790142911): it is loaded by any of three settings, and
 * `amp.dangerouslyAllowAll: true` outdoes them all.
 *
 * @param stronger settings that are laid over the user's, such as the workspace's: they can switch it on, too
 */
export function permissionsOf(user: Settings, ...stronger: readonly Settings[]): AmpPermissions {
  const merged = Object.assign({}, user, ...stronger) as Settings;
  const rules = user["amp.permissions"];
  const allowsAll = merged["amp.dangerouslyAllowAll"];
  const isLoaded =
    allowsAll === false || "amp.permissions" in merged || "amp.guardedFiles.allowlist" in merged;
  return { rules: Array.isArray(rules) ? rules : [], isOn: isLoaded && allowsAll !== true };
}

/**
 * The rules for a run in which Amp itself can ask nobody. There it refuses what it would ask for, and also every tool
 * that no rule speaks of, which it allows in the terminal. So its own rules are put behind the user's, each rule is
 * passed through `adapt`, and the last one allows the rest.
 *
 * @param builtin Amp's own rules; undefined if they cannot be had: then Amp applies them by itself, and refuses more
 */
export function unattendedRules(
  rules: readonly PermissionRule[],
  builtin: readonly PermissionRule[] | undefined,
  adapt: (rule: PermissionRule) => PermissionRule,
): PermissionRule[] {
  const rest: PermissionRule[] = builtin ? [...builtin, { tool: "*", action: "allow" }] : [];
  return [...rules, ...rest].map((rule) => (isEffective(rule) ? adapt(rule) : rule));
}

/** Amp's own rules, or undefined for an Amp release that does not tell them. */
export async function builtinRules(amp: AmpProbe): Promise<PermissionRule[] | undefined> {
  try {
    return (await listPermissions({ amp, source: "builtin", timeoutMs: 30_000 })) as PermissionRule[];
  } catch {
    return undefined;
  }
}

/** Amp leaves out a rule whose keys do not go together; changing its action could bring it to life. */
function isEffective(rule: PermissionRule): boolean {
  if (typeof rule !== "object" || rule === null) return false;
  const { action, to, message } = rule;
  return (action === "delegate") === (to !== undefined) && (message === undefined || action === "reject");
}
