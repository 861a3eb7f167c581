import { readdirSync, readlinkSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Paths } from "../paths.ts";
import { removeStaleTemporaries } from "../system/atomic-file.ts";
import { identifyProcess } from "../system/process-identity.ts";

/** Removes what killed runs left: temporary files, installers' folders, npm prefixes that nothing points to. */
export function removeLeftovers(paths: Paths): void {
  const folders = [
    paths.moduleDir,
    paths.bin,
    paths.state,
    dirname(paths.ampSettings),
    dirname(paths.instructions),
  ];
  folders.push(join(paths.home, ".amp", "bin"), paths.home);
  for (const folder of folders) removeStaleTemporaries(folder, (pid) => identifyProcess(pid) !== undefined);
  removeSiblings(paths.stage);
  removeSiblings(paths.npmPrefix);
}

/** Removes every `<path>-…` but the one that the link `path` leads to. Only the holder of the lock may do this. */
export function removeSiblings(path: string): void {
  const folder = dirname(path);
  const current = linkTarget(path);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`${basename(path)}-`) && name !== current) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

function linkTarget(link: string): string | undefined {
  try {
    return basename(readlinkSync(link));
  } catch {
    return undefined;
  }
}
