import { parse } from "jsonc-parser";
import type { JsonObject } from "../base/jsonc.ts";

/** By this line the file is known to be ours to replace. Amp reads comments. */
const MARK = "// Written by amp-module from managed_settings, at every start.\n";

/**
 * The text of Amp's managed settings file. Without `amp.dangerouslyAllowAll` in it a repository could switch all of its
 * rules off: then it is false.
 *
 * @param settings the text of a JSON object
 */
export function managedText(settings: string): string {
  const given: JsonObject = parse(settings);
  const isOpen = "amp.permissions" in given && !("amp.dangerouslyAllowAll" in given);
  const all = isOpen ? { ...given, "amp.dangerouslyAllowAll": false } : given;
  return `${MARK}${JSON.stringify(all, undefined, 2)}\n`;
}

/** Whether the file says what is wanted, whoever wrote it. */
export function saysTheSame(present: string, wanted: string): boolean {
  return present === wanted || JSON.stringify(parse(present)) === JSON.stringify(parse(wanted));
}

/** Whether the file was written by `managedText`, so that nothing of an administrator's is in it. */
export function isManagedByModule(present: string): boolean {
  return present.startsWith(MARK);
}
