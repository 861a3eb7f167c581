import { copyFile, mkdir, open, realpath, rename, rm } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { syncFolder, temporaryBeside } from "../../base/atomic-file.ts";

/** A program that stands beside its place under another name. */
export interface Aside {
  path: string;
  /** Replaces what is there, in one step; a running program keeps the file that it has open. */
  intoPlace: () => Promise<void>;
  /** Undoes the move. */
  back: () => Promise<void>;
  /** Removes what is still beside the place. */
  remove: () => Promise<void>;
}

/**
 * Moves a program out of a staging folder and beside its place. What is in that folder only as a link is copied.
 *
 * @param target where it is to be in the end
 */
export async function moveBeside(target: string, program: string, stage: string): Promise<Aside> {
  const path = temporaryBeside(target);
  const staged = await realpath(program);
  const isOwn = staged.startsWith(`${await realpath(stage)}${sep}`);
  const remove = () => rm(path, { force: true });
  await mkdir(dirname(target), { recursive: true });
  try {
    await move(staged, path, isOwn);
  } catch (error) {
    await remove();
    throw error;
  }
  // That takes its time, in which the caller can try the program.
  const synced = sync(path);
  synced.catch(() => {});
  return {
    path,
    async intoPlace() {
      await synced;
      await rename(path, target);
      syncFolder(dirname(target));
    },
    async back() {
      if (isOwn) await move(path, staged, isOwn);
    },
    remove,
  };
}

/** A rename costs nothing, but the two may be on different file systems. */
async function move(from: string, to: string, isOwn: boolean): Promise<void> {
  try {
    if (isOwn) return await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
  }
  await copyFile(from, to);
}

async function sync(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
