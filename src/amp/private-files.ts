import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that only this user can enter (0700), for files that hold secrets. Removed with everything in it. */
export class PrivateFolder {
  readonly path: string;
  readonly #remove = () => rmSync(this.path, { recursive: true, force: true });

  constructor(prefix = "amp-") {
    this.path = mkdtempSync(join(tmpdir(), prefix));
    // Also where the process ends before anybody could call `remove`.
    process.once("exit", this.#remove);
  }

  /** Writes a file of mode 0600, or 0700 where it is to be run. @returns its path */
  write(name: string, text: string, mode: 0o600 | 0o700 = 0o600): string {
    const path = join(this.path, name);
    writeFileSync(path, text, { mode });
    return path;
  }

  remove(): void {
    process.off("exit", this.#remove);
    this.#remove();
  }
}
