import { gzipSync } from "node:zlib";

/** A file of an archive; `name` has ASCII letters only and at most 100 of them. */
export interface Entry {
  name: string;
  content: string;
}

const BLOCK = 512;

/** A `.tar.gz` (POSIX ustar) of small files, readable by their owner only. */
export function tarGz(entries: readonly Entry[], now: Date): Uint8Array {
  const blocks = entries.flatMap(({ name, content }) => {
    const bytes = Buffer.from(content);
    const padding = Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK);
    return [header(name, bytes.length, now), bytes, padding];
  });
  // Two empty blocks are the end.
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]));
}

/** The fields by their offsets: name 0, mode 100, size 124, time 136, checksum 148, type 156, magic 257. */
function header(name: string, size: number, now: Date): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  block.write(name, 0, 100);
  block.write(octal(0o600, 7), 100);
  block.write(octal(0, 7) + octal(0, 7), 108);
  block.write(octal(size, 11), 124);
  block.write(octal(Math.floor(now.getTime() / 1000), 11), 136);
  block.write("        ", 148);
  block.write("0", 156);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)} `, 148);
  return block;
}
