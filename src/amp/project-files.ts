import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { WORKSPACE_PLUGINS, WORKSPACE_SETTINGS } from "./places.ts";

/** `cwd` and the folders above it up to the top of its repository; without one only `cwd`. */
export function projectFolders(cwd: string): string[] {
  const folders = [cwd];
  for (let folder = cwd; !existsSync(join(folder, ".git")); ) {
    const above = dirname(folder);
    if (above === folder) return [cwd];
    folders.push(above);
    folder = above;
  }
  return folders;
}

/** Every file of the project around `cwd` that Amp takes without asking: its settings, and all that is beside its plugins. */
export function projectFiles(cwd: string): string[] {
  return projectFolders(cwd).flatMap((folder) => [
    ...WORKSPACE_SETTINGS.map((name) => join(folder, name)).filter(isFile),
    ...filesBelow(join(folder, WORKSPACE_PLUGINS), new Set()),
  ]);
}

/** Links are followed as Amp follows them, each folder once. */
function filesBelow(folder: string, seen: Set<string>): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  const real = realpathSync(folder);
  if (seen.has(real)) return [];
  seen.add(real);
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => {
      const path = join(folder, name);
      return isFile(path) ? [path] : filesBelow(path, seen);
    });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
