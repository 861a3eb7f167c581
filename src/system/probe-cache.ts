import { readTextIfExists, writeFileAtomic } from "./atomic-file.ts";

/** Keeps one probe as a private file; a cache that cannot be written only costs time. */
export function fileProbeCache(path: string): { read(): string | undefined; write(text: string): void } {
  return {
    read: () => readTextIfExists(path),
    write(text) {
      try {
        writeFileAtomic(path, text);
      } catch {
        // The next start probes again.
      }
    },
  };
}
