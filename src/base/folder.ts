import { lstatSync, statSync } from "node:fs";
import { errorCode, reasonOf } from "./errors.ts";

/** What to do about a `folderProblem` of the workdir that creating it does not solve. */
export const FOLDER_FIX = "Set workdir to a folder of the workspace's user, or put right what is there.";

/**
 * Why `path` is no folder to work in, as the end of a sentence that begins with it.
 *
 * @returns undefined if it is one
 */
export function folderProblem(path: string): string | undefined {
  try {
    // The last step needs the right to enter, which the folder's own entry does not tell of.
    if (statSync(path).isDirectory()) return void statSync(`${path}/.`);
    return "is a file, not a folder";
  } catch (error) {
    const isDangling =
      errorCode(error) === "ENOENT" && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();
    if (isDangling) return "is a link that leads nowhere";
    if (errorCode(error) === "ENOENT") return "does not exist";
    if (errorCode(error) === "EACCES") return "cannot be entered by the workspace's user";
    if (errorCode(error) === "ENOTDIR") return "is below a file";
    return `cannot be used: ${reasonOf(error)}`;
  }
}
