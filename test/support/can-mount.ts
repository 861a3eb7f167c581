import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

/** Whether this user may mount a file system; Docker's default does not allow it even to root. */
export async function canMount(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "amp-module-mount-"));
  try {
    await execa("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
    await execa("umount", [folder]);
    return true;
  } catch {
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
