import type { FileChange } from "./tools.ts";

export interface Patch {
  /** Every file that it names, in order; a file that is moved under both names. */
  paths: string[];
  changes: FileChange[];
}

/** Reads what `apply_patch` is given: `*** Add File: …`, `*** Update File: …`, `*** Move to: …`, `*** Delete File: …`. */
export function readPatch(text: string): Patch {
  const patch: Patch = { paths: [], changes: [] };
  let change: FileChange | undefined;
  for (const line of text.split(/\r\n?|\n/)) {
    const [, what, name] = line.match(/^\*\*\* (Add File|Update File|Delete File|Move to): (.+)$/) ?? [];
    const path = name?.trim();
    if (path) {
      patch.paths.push(path);
      if (what === "Move to") continue;
      change = what === "Delete File" ? undefined : { path, newText: "" };
      if (change && what === "Update File") change.oldText = "";
      if (change) patch.changes.push(change);
    } else if (change && /^[-+ ]/.test(line)) {
      const rest = `${line.slice(1)}\n`;
      if (!line.startsWith("-")) change.newText += rest;
      if (!line.startsWith("+") && change.oldText !== undefined) change.oldText += rest;
    }
  }
  return patch;
}
