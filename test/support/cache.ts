import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Where tools that the tests fetch or build are kept between runs; safe to delete at any time. */
export function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "amp-module-tests");
}

/** True where something exists at `path`. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Returns `<parent>/<name>`, calling `build` to fill it where it is not there yet.
 *
 * `build` gets an empty folder beside it, which is renamed into place only when `build` succeeds: a folder
 * that exists is complete. Processes that ask for the same name at once wait for the first one.
 *
 * @param parent the cache unless given
 */
export async function buildOnce(
  name: string,
  build: (folder: string) => Promise<void>,
  parent: string = cacheFolder(),
): Promise<string> {
  const target = join(parent, name);
  if (await exists(target)) return target;
  return await withLock(join(parent, "locks", name.replaceAll("/", "_")), async () => {
    if (await exists(target)) return target;
    await mkdir(dirname(target), { recursive: true });
    const folder = await mkdtemp(`${target}.part-`);
    try {
      await build(folder);
      await rename(folder, target);
      return target;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

async function withLock<T>(lock: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(lock), { recursive: true });
  while (!(await tryLock(lock))) {
    if (!(await isHolderAlive(lock))) await rm(lock, { recursive: true, force: true });
    else await sleep(200);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  await writeFile(join(lock, "holder"), `${process.pid} ${await startTime(process.pid)}`);
  return true;
}

/** Judged by the holder's identity (pid and start time), never by age: a build may take minutes. */
async function isHolderAlive(lock: string): Promise<boolean> {
  const read = () => readFile(join(lock, "holder"), "utf8").catch(() => "");
  let holder = await read();
  // The folder exists a moment before its holder file; nobody needs a second for that.
  for (let tries = 0; holder === "" && tries < 20; tries++) {
    await sleep(50);
    holder = await read();
  }
  const [pid, started] = holder.split(" ");
  return started !== undefined && (await startTime(Number(pid))) === started;
}

/** Start time in clock ticks since boot (field 22 of proc(5) stat); "" where there is no such process. */
async function startTime(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
