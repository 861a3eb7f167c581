import { realpathSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { officialPlaces } from "../amp/places.ts";
import { removeStaleTemporaries } from "../base/atomic-file.ts";
import { namesIn, targetOf } from "../base/glance.ts";
import { identifyProcess } from "../base/process-identity.ts";
import type { Paths } from "../paths.ts";
import { profilesIn } from "./command-links.ts";

/**
 * Removes what killed runs left: temporary files, installers' folders, npm prefixes that nothing points to. Only the
 * holder of the lock may do this.
 */
export function removeLeftovers(paths: Paths): void {
  const folders = [
    paths.moduleDir,
    paths.bin,
    paths.state,
    ...Object.values(officialPlaces(paths.home)).map(dirname),
    // A link is followed when its file is written, so the temporary file was beside the link's end.
    ...[paths.ampSettings, paths.instructions, ...profilesIn(paths.home)].flatMap((file) => [
      dirname(file),
      dirname(realPath(file)),
    ]),
  ];
  const isAlive = (pid: number) => identifyProcess(pid) !== undefined;
  for (const folder of new Set(folders)) removeStaleTemporaries(folder, isAlive);
  removeSiblings(paths.stage);
  removeSiblings(paths.npmPrefix);
  removeGuards(paths.lock);
}

/** Guards of dead locks (see `withLock`): who holds the lock itself proves that no dead one is there to be guarded. */
export function removeGuards(lock: string): void {
  for (const name of namesIn(dirname(lock))) {
    if (name.startsWith(`${basename(lock)}.`)) rmSync(join(dirname(lock), name), { force: true });
  }
}

/** Removes every `<path>-…` but the one that the link `path` leads to. Only the holder of the lock may do this. */
export function removeSiblings(path: string): void {
  const folder = dirname(path);
  const current = basename(targetOf(path));
  for (const name of namesIn(folder)) {
    if (!name.startsWith(`${basename(path)}-`) || name === current) continue;
    try {
      // An installer that outlived its killed parent may still write there.
      rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
    } catch {
      // It is tried again at the next start; a new one has another name.
    }
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
