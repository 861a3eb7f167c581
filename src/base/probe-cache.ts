import { readTextIfExists, writeFileAtomic } from "./atomic-file.ts";

/** Keeps one probe as a private file; a cache that cannot be written only costs time. */
export function fileProbeCache(path: string): { read(): string | undefined; write(text: string): void } {
  return {
    read: () => readTextIfExists(path),
    write(text) {
      try {
        // A start that finds everything as it was pays for no write and no sync.
        if (readTextIfExists(path) !== text) writeFileAtomic(path, text);
      } catch {
        // The next start probes again.
      }
    },
  };
}
