import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../base/digest.ts";
import { identifyProcess } from "../base/process-identity.ts";

/** In such a folder: the process that reads the files, as a `ProcessIdentity`. */
export const READER = "reader.json";

/**
 * A folder that only this user can enter (0700), for files that hold secrets. Removed with everything in it; if this
 * process is killed, by the next one (`removeLeftFolders`), which knows by the name whose it was.
 */
export class PrivateFolder {
  readonly path: string;
  readonly #remove = () => rmSync(this.path, { recursive: true, force: true });

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), `amp-${ownerOf(process.pid)}-`));
    // Also if the process ends before anybody could call `remove`.
    process.once("exit", this.#remove);
  }

  /** Writes a file of mode 0600, or 0700 if it is to be run. @returns its path */
  write(name: string, text: string, mode: 0o600 | 0o700 = 0o600): string {
    const path = join(this.path, name);
    writeFileSync(path, text, { mode });
    return path;
  }

  /** Notes who reads the files: without them it must not continue. */
  isReadBy(pid: number): void {
    this.write(READER, JSON.stringify(identifyProcess(pid) ?? null));
  }

  remove(): void {
    process.off("exit", this.#remove);
    this.#remove();
  }
}

/** A live process as a part of a file's name: a pid alone may be another process's by now. */
export function ownerOf(pid: number): string | undefined {
  const identity = identifyProcess(pid);
  return identity && `${pid}-${sha256(identity.startedAt).slice(0, 12)}`;
}
