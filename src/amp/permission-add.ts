import { isDeepStrictEqual } from "node:util";
import { callAmp } from "./call.ts";
import { AmpError, AmpOptionError } from "./errors.ts";
import type { AmpOptions, PermissionRule } from "./options.ts";
import { listPermissions } from "./permissions.ts";

/** What Amp's command can write. */
export type AddedRule = Omit<PermissionRule, "matches"> & {
  /** Argument name to pattern. */
  matches?: Readonly<Record<string, string>>;
};

/** Amp puts the words together to a line and reads that: with one of these it reads another rule, such as one without its end. */
const MISREAD = /["\\#\n]|^$/;

/**
 * Puts a rule in front of the user's. It stays; for one run only give `permissions` to `execute`. Needs no network.
 *
 * @throws AmpError; protocol if Amp has written another rule
 * @throws AmpOptionError for a rule that Amp's command cannot take
 */
export async function addPermission(rule: AddedRule, options: AmpOptions = {}): Promise<void> {
  const { action, tool, matches = {}, to, context, message } = rule;
  if ((action === "delegate") !== (to !== undefined)) {
    throw new AmpOptionError('a "delegate" rule needs "to", a program, and no other rule may have it');
  }
  if (message !== undefined && action !== "reject") {
    throw new AmpOptionError('only a "reject" rule may have a message');
  }
  // Before the tool they belong to the rule, behind it to the tool.
  const words = [...flags({ to, message, context }), tool, ...flags(matches)];
  const misread = words.find((word) => MISREAD.test(word));
  if (misread !== undefined) {
    throw new AmpOptionError(
      `${JSON.stringify(misread)} cannot be given to "amp permissions add": it reads quotes, backslashes, # and nothing otherwise`,
    );
  }
  await callAmp(["permissions", "add", "--", action, ...words], options);
  const [written] = await listPermissions(options);
  const expected = { tool, action, ...(Object.keys(matches).length > 0 && { matches }), ...(to && { to }) };
  const { context: _, message: __, ...rest } = { ...written };
  if (!isDeepStrictEqual(rest, expected)) {
    throw new AmpError("protocol", `Amp has written another rule than the one for ${tool}.`, {
      remedy: 'Look at the first rule with "amp permissions edit".',
    });
  }
}

function flags(values: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
}
