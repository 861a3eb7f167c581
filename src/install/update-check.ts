import { readTextIfExists, writeFileAtomic } from "../base/atomic-file.ts";
import type { Paths } from "../paths.ts";

interface CheckContext {
  paths: Pick<Paths, "updateCheck">;
  now: () => Date;
}

/** How long ago the newest Amp was looked up, in milliseconds; undefined for never. Negative if the clock went back. */
export function sinceUpdateCheck({ paths, now }: CheckContext): number | undefined {
  const time = Date.parse(readTextIfExists(paths.updateCheck)?.trim() ?? "");
  return Number.isNaN(time) ? undefined : now().getTime() - time;
}

export function recordUpdateCheck({ paths, now }: CheckContext): void {
  writeFileAtomic(paths.updateCheck, `${now().toISOString()}\n`);
}
