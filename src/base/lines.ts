import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Redact } from "./redact.ts";

/** Characters of a line that are kept while it grows: a program may print hundreds of megabytes without an end of line. */
const LONGEST = 65_536;
/** Taken off the end of such a line once it is masked: half of a secret may stand there. */
const MARGIN = 4_096;

/**
 * Calls `onLine` with each line of a text, ended by LF, CRLF or CR, and with what follows the last. Of a very long line
 * the beginning only, with a word on the rest.
 *
 * @returns when the stream has closed
 */
export function eachLine(
  stream: Readable,
  onLine: (line: string) => void,
  redact: Redact = (text) => text,
): Promise<void> {
  const decoder = new StringDecoder("utf8");
  let line = "";
  let length = 0;
  let endsWithCr = false;

  function grow(part: string) {
    if (length < LONGEST) line += part.slice(0, LONGEST - length);
    length += part.length;
  }

  function finish() {
    const left = length - line.length;
    const masked = redact(line);
    onLine(left === 0 ? masked : `${masked.slice(0, -MARGIN)} … (${left + MARGIN} more characters)`);
    line = "";
    length = 0;
  }

  function take(text: string) {
    if (text === "") return;
    if (!text.includes("\n") && !text.includes("\r")) {
      endsWithCr = false;
      grow(text);
      return;
    }
    // The LF of a CRLF that two chunks share is no second end of line.
    const parts = (endsWithCr && text.startsWith("\n") ? text.slice(1) : text).split(/\r\n?|\n/);
    endsWithCr = text.endsWith("\r");
    const last = parts.pop() ?? "";
    for (const part of parts) {
      grow(part);
      finish();
    }
    grow(last);
  }

  stream.on("data", (chunk: Buffer) => take(decoder.write(chunk)));
  return new Promise((resolve) => {
    // Not at its close: who destroys it has no use for half a line.
    stream.once("end", () => {
      take(decoder.end());
      if (length > 0) finish();
    });
    stream.once("error", () => {});
    stream.once("close", () => resolve());
  });
}
