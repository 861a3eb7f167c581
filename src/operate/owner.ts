import { statSync } from "node:fs";
import { userName } from "../base/user-names.ts";
import type { Paths } from "../paths.ts";

/** Whose module this is, if it is not this user's. */
export interface Foreign {
  /** What comes behind the module or its folder: `belongs to alice (uid 1000), and you are root (uid 0)`. */
  belongs: string;
  fix: string;
}

/**
 * Root, or another user, would see another home and leave files that the module's owner cannot change.
 *
 * @param command what was typed behind `amp-module`
 * @returns undefined if the module is this user's own, or there is none
 */
export function foreignOwner(
  { moduleDir, launcher }: Paths,
  command: string,
  me = process.getuid?.(),
): Foreign | undefined {
  let owner: number | undefined;
  try {
    owner = statSync(moduleDir, { throwIfNoEntry: false })?.uid;
  } catch {
    return {
      belongs: "is in a home that you may not look into",
      fix: `Run it as the user whose home it is: sudo -u USER -H ${launcher} ${command}`,
    };
  }
  if (me === undefined || owner === undefined || owner === me) return undefined;
  return {
    belongs: `belongs to ${nameOf(owner)} (uid ${owner}), and you are ${nameOf(me)} (uid ${me})`,
    fix: `Run it as ${nameOf(owner)}: sudo -u ${userName(owner) ?? `'#${owner}'`} -H ${launcher} ${command}`,
  };
}

/** As /etc/passwd has it, else the number. */
export function nameOf(uid: number): string {
  return userName(uid) ?? `user ${uid}`;
}
