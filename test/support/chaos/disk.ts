import { appendFileSync, mkdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

/** Room for the module, a downloaded AgentAPI beside the one in place, and a conversation. */
const OPTIONS = "size=96m,nr_inodes=4000,mode=755";

/** A small file system of its own in the place of a home. */
export interface Disk {
  /** Takes all room but so much. */
  fill(freeKiB: number): void;
  /** Takes every inode that is left. */
  useInodes(): void;
  /** Gives everything back. */
  free(): void;
  unmount(): Promise<void>;
}

export async function mountDisk(home: string): Promise<Disk> {
  await execa("mount", ["-t", "tmpfs", "-o", OPTIONS, "tmpfs", home]);
  const fillers = join(home, ".filler");
  const free = () => rmSync(fillers, { recursive: true, force: true });
  return {
    free,
    fill(freeKiB) {
      free();
      mkdirSync(fillers);
      const { bavail, bsize } = statfsSync(home);
      const bytes = Math.max(0, bavail * bsize - freeKiB * 1024);
      const file = join(fillers, "file");
      writeFileSync(file, "");
      const block = Buffer.alloc(1024 * 1024);
      try {
        for (let at = 0; at < bytes; at += block.length)
          appendFileSync(file, block.subarray(0, Math.min(block.length, bytes - at)));
      } catch {
        // As full as it gets.
      }
    },
    useInodes() {
      free();
      mkdirSync(fillers);
      try {
        for (let number = 0; ; number += 1) truncateSync(touched(join(fillers, String(number))));
      } catch {
        // There is none left.
      }
    },
    unmount: async () => void (await execa("umount", ["-l", home])),
  };
}

function touched(file: string): string {
  writeFileSync(file, "");
  return file;
}
