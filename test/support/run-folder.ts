import { mkdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildOnce } from "./cache.ts";

/** Names the folder that all processes of one run share; without one each works for itself. */
const variable = "AMP_TEST_RUN_FOLDER";

/**
 * Makes the folder, for this process and those that it starts from here on; one that is there already is shared.
 *
 * @returns removes the folder that it made
 */
export async function openRunFolder(): Promise<() => Promise<void>> {
  if (process.env[variable] !== undefined) return async () => {};
  const folder = await mkdtemp(join(tmpdir(), "amp-module-run-"));
  process.env[variable] = folder;
  return () => rm(folder, { recursive: true, force: true });
}

/**
 * What `work` found, asked for once in a run, whichever process asks first. A failure is not kept.
 *
 * @param work its result must survive JSON
 */
export async function oncePerRun<T>(name: string, work: () => Promise<T>): Promise<T> {
  const folder = process.env[variable];
  if (folder === undefined) return work();
  const build = async (part: string) => writeFile(join(part, "result.json"), JSON.stringify(await work()));
  const path = await buildOnce(name, build, folder);
  return JSON.parse(await readFile(join(path, "result.json"), "utf8")) as T;
}

/**
 * A folder that is filled once in a run, whichever process asks first, and is nobody's to change.
 *
 * @param otherwise the folder to fill if no run has been opened
 */
export async function folderOfRun(
  name: string,
  fill: (folder: string) => Promise<void>,
  otherwise: string,
): Promise<string> {
  const folder = process.env[variable];
  if (folder !== undefined) return buildOnce(name, fill, folder);
  await fill(otherwise);
  return otherwise;
}

const claimed = new Set<string>();

/** Whether the caller is the first in this run, of all its processes, to claim `name`. */
export function isFirstClaim(name: string): boolean {
  const folder = process.env[variable];
  if (claimed.has(name)) return false;
  claimed.add(name);
  if (folder === undefined) return true;
  try {
    mkdirSync(join(folder, `claim-${name}`));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
