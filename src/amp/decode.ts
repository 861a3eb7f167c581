import type { Redact } from "../base/redact.ts";
import { type AmpEvent, toEvent } from "./events.ts";
import type { Line } from "./lines.ts";

/** A line of the stream: what it says, and how it was written. */
export interface AmpRecord {
  event: AmpEvent;
  /** The line as Amp wrote it; masked if it is no JSON, empty if it was too long to be kept. */
  text: string;
}

/** A tool's output can be a large file in one line; past this a line is dropped and reported as broken. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;

/**
 * Reads one line. Never throws: a line that is no JSON is a `broken` event.
 *
 * @param redact masks the secrets in such a line: it is shown to people, and nobody knows what is in it
 */
export function decodeLine({ number, text, droppedBytes }: Line, redact: Redact = (said) => said): AmpRecord {
  if (droppedBytes !== undefined) {
    return { event: broken(number, `a line of ${droppedBytes} bytes is longer than is kept`, ""), text: "" };
  }
  try {
    return { event: toEvent(JSON.parse(text)), text };
  } catch {
    const masked = redact(text);
    return { event: broken(number, "not JSON", masked), text: masked };
  }
}

function broken(line: number, reason: string, text: string): AmpEvent {
  return { type: "broken", line, reason, start: text.slice(0, 200) };
}
