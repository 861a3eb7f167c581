import { statSync } from "node:fs";
import { userName } from "../base/user-names.ts";

/** Why this user cannot look after the module directory: it is another user's. Undefined if it is their own, or there is none. */
export function foreignOwner(moduleDir: string): { what: string; fix: string } | undefined {
  const me = process.getuid?.();
  let owner: number | undefined;
  try {
    owner = statSync(moduleDir, { throwIfNoEntry: false })?.uid;
  } catch {
    return {
      what: `${moduleDir} is in a home that you may not look into.`,
      fix: "Run it as the user whose home it is, with `sudo -u USER -H`.",
    };
  }
  if (me === undefined || owner === undefined || owner === me) return undefined;
  const name = nameOf(owner);
  return {
    what: `${moduleDir} belongs to the user ${name}, and you are ${nameOf(me)}.`,
    fix: `Run it as that user: sudo -u ${name} -H ${moduleDir}/bin/amp-module status`,
  };
}

function nameOf(uid: number): string {
  return userName(uid) ?? `#${uid}`;
}
