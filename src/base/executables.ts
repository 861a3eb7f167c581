import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** The absolute path of a command on `PATH`, or undefined. */
export function findOnPath(command: string, env: NodeJS.ProcessEnv): string | undefined {
  return onEveryPathFolder(command, env).find(isExecutable);
}

/** The paths that a command can have by `PATH`, in its order, whether or not it is there. */
export function onEveryPathFolder(command: string, env: NodeJS.ProcessEnv): string[] {
  return (env["PATH"] ?? "")
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, command));
}

export function isOnPath(command: string, env: NodeJS.ProcessEnv): boolean {
  return findOnPath(command, env) !== undefined;
}

export function isExecutable(path: string): boolean {
  return isUsable(path, constants.X_OK);
}

/** Whether there is a file that this process may use so (`R_OK`, `X_OK`). */
export function isUsable(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
