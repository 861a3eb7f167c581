import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/*
 * Looks at what may be gone, or another user's, by the time one looks, as most of /proc: then there is nothing.
 */

/** The names in a folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The text of a file. */
export function textIn(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Where a symbolic link leads, as it is written in it. */
export function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}
