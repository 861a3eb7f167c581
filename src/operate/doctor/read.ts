import { statSync } from "node:fs";
import { readSettings } from "../../amp/settings.ts";
import { textIn } from "../../base/glance.ts";

/** The text of a regular file, else "": reading a named pipe would wait for ever. */
export function regularTextIn(path: string): string {
  return isFile(path) ? textIn(path) : "";
}

/** A settings file of Amp's; empty if it is not there or cannot be read, which is another check's to say. */
export function settingsIn(path: string): Record<string, unknown> {
  try {
    return isFile(path) ? readSettings(path) : {};
  } catch {
    return {};
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
