import { squeezed } from "../base/harmless.ts";

/** The states that Coder's dashboard knows; it shows a spinner for `working`. */
export type State = "working" | "idle" | "complete" | "failure";

/** What the dashboard shows beside the app. */
export interface Status {
  state: State;
  message: string;
  /** An address that the dashboard links to, "" for none. */
  uri: string;
}

/** Coder refuses a longer message; it counts bytes. */
export const MOST_BYTES = 160;

/** The message on one line, no longer than Coder takes it. */
export function fitting(text: string): string {
  const line = squeezed(text);
  if (Buffer.byteLength(line) <= MOST_BYTES) return line;
  let kept = "";
  for (const character of line) {
    if (Buffer.byteLength(kept + character) > MOST_BYTES - Buffer.byteLength("…")) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}
