import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { eachLine } from "../../src/base/lines.ts";
import { holds } from "../support/fuzz.ts";

async function linesOf(chunks: Iterable<Uint8Array>, redact?: (text: string) => string): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  const done = eachLine(stream, (line) => lines.push(line), redact);
  for (const chunk of chunks) if (!stream.write(chunk)) await new Promise((go) => stream.once("drain", go));
  stream.end();
  await done;
  return lines;
}

test("whatever the pieces, the lines are those of the whole", async () => {
  const text = fc
    .array(fc.constantFrom("a", "é", "日本", "😀", "\n", "\r\n", "\r", ""))
    .map((parts) => parts.join(""));
  await holds(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 5 }), async (whole, size) => {
      const bytes = Buffer.from(whole);
      const pieces = [];
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
      const wanted = whole.split(/\r\n|\r|\n/);
      if (wanted.at(-1) === "") wanted.pop();
      expect(await linesOf(pieces)).toEqual(wanted);
    }),
  );
});

test("of a line without an end the beginning is kept, with a word on the rest, and the next line is whole", async () => {
  const chunk = Buffer.alloc(1024 ** 2, "x");
  function* endless() {
    for (let i = 0; i < 300; i++) yield chunk;
    yield Buffer.from("\nnext\n");
  }
  const before = process.memoryUsage().rss;
  const [long = "", ...rest] = await linesOf(endless());
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 ** 2);
  expect(long).toMatch(/^x{61440} … \(314511360 more characters\)$/);
  expect(rest).toEqual(["next"]);
});

test("no part of a secret stands at the end of such a line, wherever it is cut", async () => {
  const secret = "sk-live-0123456789abcdef";
  const redact = (text: string) => text.replaceAll(secret, "[redacted]");
  for (const before of [61_420, 61_430, 65_512, 65_520, 65_530]) {
    const [line = ""] = await linesOf([Buffer.from("x".repeat(before) + secret + "y".repeat(9000))], redact);
    expect(line).not.toMatch(/sk-|live|abcdef/);
    expect(line.length).toBeGreaterThan(61_000);
  }
});
