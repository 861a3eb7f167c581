import { access, constants, realpath, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";

/**
 * Finds an executable file as a shell would.
 *
 * @param path a PATH value; the current process's by default
 * @returns its absolute path with links resolved only in the folder part, or undefined
 */
export async function findTool(name: string, path = process.env["PATH"] ?? ""): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((part) => part !== "")) {
    const file = join(folder, name);
    if (await isExecutable(file)) return join(await realpath(folder), name);
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
