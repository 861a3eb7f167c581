import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Site } from "./site.ts";

/** Every pid that the module's files name becomes another program's, as after a container's restart. */
export async function givePids({ moduleDir }: Site, pid: number): Promise<void> {
  for (const name of ["agentapi.pid", "agentapi.json", "lock"]) {
    const path = join(moduleDir, "state", name);
    const text = await readFile(path, "utf8").catch(() => undefined);
    const changed = text?.replace(/^\d+|(?<="pid":)\d+/, String(pid));
    // A full disk keeps the file as it is.
    if (changed !== undefined) await writeFile(path, changed).catch(() => {});
  }
}
