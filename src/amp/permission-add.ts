import { callAmp } from "./call.ts";
import { AmpOptionError } from "./errors.ts";
import type { AmpOptions, PermissionRule } from "./options.ts";

/** What Amp's command can write: it takes every further name for an argument of the tool. */
export type AddedRule = Omit<PermissionRule, "matches" | "message"> & {
  /** Argument name to pattern. */
  matches?: Readonly<Record<string, string>>;
};

const OPTIONS = ["to", "context", "workspace", "help"];

/**
 * Puts a rule in front of the user's, or of the workspace's. It stays; for one run only give `permissions` to `execute`.
 * Needs no network.
 *
 * @throws AmpError
 * @throws AmpOptionError for a rule that Amp's command would read as another one
 */
export async function addPermission(
  { action, tool, matches = {}, to, context }: AddedRule,
  options: AmpOptions & { workspace?: boolean } = {},
): Promise<void> {
  if ((action === "delegate") !== (to !== undefined)) {
    throw new AmpOptionError('a "delegate" rule needs "to", a program, and no other rule may have it');
  }
  const conditions = Object.entries(matches).flatMap(([name, pattern]) => {
    if (OPTIONS.includes(name) || !/^[A-Za-z]\w*$/.test(name)) {
      throw new AmpOptionError(
        `an argument ${JSON.stringify(name)} cannot be given to "amp permissions add"`,
      );
    }
    return [`--${name}`, pattern];
  });
  await callAmp(
    [
      "permissions",
      "add",
      ...(options.workspace ? ["--workspace"] : []),
      ...(to === undefined ? [] : ["--to", to]),
      ...(context === undefined ? [] : ["--context", context]),
      action,
      tool,
      ...conditions,
    ],
    options,
  );
}
