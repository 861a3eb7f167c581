import type { PermissionRule } from "../amp/options.ts";

/** Amp's permission settings: rules in order, and whether Amp asks for anything at all. */
export interface AmpPermissions {
  rules: readonly PermissionRule[];
  /** `amp.dangerouslyAllowAll`: true never asks, false also asks where Amp's own rules say so. */
  allowsAll: boolean | undefined;
}

export function permissionsOf(settings: Readonly<Record<string, unknown>>): AmpPermissions {
  const rules = settings["amp.permissions"];
  const allowsAll = settings["amp.dangerouslyAllowAll"];
  return {
    rules: Array.isArray(rules) ? (rules as PermissionRule[]) : [],
    allowsAll: typeof allowsAll === "boolean" ? allowsAll : undefined,
  };
}

/**
 * The rules with every `ask` delegated to `program`: in execute mode Amp has nobody to ask. Undefined where nothing
 * is to be asked.
 *
 * @param builtin Amp's own rules, read only where they take part
 */
export async function delegateAsks(
  { rules, allowsAll }: AmpPermissions,
  builtin: () => Promise<readonly PermissionRule[]>,
  program: string,
): Promise<PermissionRule[] | undefined> {
  if (allowsAll === true) return undefined;
  const all = allowsAll === false ? [...rules, ...(await builtin())] : rules;
  if (!all.some((rule) => rule.action === "ask")) return undefined;
  return all.map((rule) => (rule.action === "ask" ? { ...rule, action: "delegate", to: program } : rule));
}
