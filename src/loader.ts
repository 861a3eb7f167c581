/**
 * Runs one of the module's programs: `loader.cjs <program>.br85 <arguments …>`. What the program was unpacked to, and in
 * Node also what it was compiled to, is kept in the state directory.
 */
import { createHash } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";
import { bytesOf } from "./base/base85.ts";

/** Of a SHA-256. */
const BYTES = 32;
/** A digest of all that follows, the program's digest, the length of its text; then the text, and V8's code if any. */
const HEAD = 2 * BYTES + 4;

interface Kept {
  text: string;
  code: Buffer;
}

const [, , path = "", ...args] = process.argv;
const kept = join(dirname(path), "../state", `${basename(path, ".br85")}.cache`);
const hasV8 = !("Bun" in globalThis || "Deno" in globalThis);

main();

function main(): void {
  let run: (require: NodeJS.Require, here: string) => unknown;
  try {
    const packed = readFileSync(path, "latin1");
    const key = sha256(packed, process.version, process.arch);
    const known = readKept(key);
    const text = known?.text ?? unpacked(packed);
    const code = hasV8 && known?.code.length ? known.code : undefined;
    const script = new Script(text, { filename: path, ...(code && { cachedData: code }) });
    run = script.runInThisContext();
    if (!known || script.cachedDataRejected) {
      // Only then it is known which of its functions are used.
      process.on("exit", () => keep(key, text, hasV8 ? script.createCachedData() : Buffer.alloc(0)));
    }
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    console.error(
      `error: The module's program ${path} ${isMissing ? "is missing" : "was cut short or changed"}.\n` +
        "error: To fix it: Restart the workspace: its start scripts write the file anew within moments. If not, look " +
        "for a full disk.",
    );
    process.exitCode = 1;
    return;
  }
  process.argv.splice(1, process.argv.length, path, ...args);
  run(require, pathToFileURL(path).href);
}

/** What an earlier run has kept of this very program, if it is whole. */
function readKept(key: Buffer): Kept | undefined {
  try {
    const bytes = readFileSync(kept);
    const rest = bytes.subarray(BYTES);
    const isWhole = sha256(rest).equals(bytes.subarray(0, BYTES)) && key.equals(rest.subarray(0, BYTES));
    const end = HEAD + bytes.readUInt32LE(2 * BYTES);
    return isWhole ? { text: bytes.toString("utf8", HEAD, end), code: bytes.subarray(end) } : undefined;
  } catch {
    return undefined;
  }
}

/** One file for each program, replaced whole. Without it everything works, only slower. */
function keep(key: Buffer, text: string, code: Buffer): void {
  const temporary = `${kept}.${process.pid}.tmp`;
  try {
    const source = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(source.length);
    const rest = Buffer.concat([key, length, source, code]);
    writeFileSync(temporary, Buffer.concat([sha256(rest), rest]), { mode: 0o600 });
    renameSync(temporary, kept);
  } catch {
    rmSync(temporary, { force: true });
  }
}

function unpacked(packed: string): string {
  // Only the first run of a release needs it.
  const { brotliDecompressSync } = require("node:zlib") as typeof import("node:zlib");
  return brotliDecompressSync(bytesOf(packed)).toString();
}

function sha256(...parts: (string | Buffer)[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}
