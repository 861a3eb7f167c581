import { realpathSync, statSync } from "node:fs";
import type * as z from "zod/mini";
import { readTextIfExists, writeFileAtomic } from "./atomic-file.ts";

/** Keeps in a private file what is known of one program, for as long as the program is the same file. */
export interface ProbeCache<Probe> {
  /** What is known of the program at `path`; undefined if that is another one or was replaced. Runs nothing. */
  read(path: string): Probe | undefined;
  /** A cache that cannot be written only costs time. */
  write(probe: Probe): void;
}

export function probeCache<Probe extends { path: string }>(
  file: string,
  schema: z.ZodMiniType<Probe>,
): ProbeCache<Probe> {
  return {
    read(path) {
      try {
        const { fingerprint, probe } = JSON.parse(readTextIfExists(file) ?? "null");
        const known = schema.parse(probe);
        return known.path === path && fingerprint === fingerprintOf(path) ? known : undefined;
      } catch {
        return undefined;
      }
    },
    write(probe) {
      try {
        const text = JSON.stringify({ fingerprint: fingerprintOf(probe.path), probe });
        // A start that finds everything as it was pays for no write and no sync.
        if (readTextIfExists(file) !== text) writeFileAtomic(file, text);
      } catch {
        // The next start probes again.
      }
    },
  };
}

/** Changes whenever the file behind `path` is another one. */
function fingerprintOf(path: string): string {
  const real = realpathSync(path);
  const { ino, size, mtimeMs } = statSync(real);
  return [real, ino, size, mtimeMs].join(":");
}
