import { closeSync, fstatSync, openSync, readSync, renameSync } from "node:fs";
import { keepAside } from "../base/atomic-file.ts";
import { errorCode } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

/** As AgentAPI 0.12 begins and ends the file: a JSON object on one line. Text inside of a message has its quotes escaped. */
const USUAL = { first: /^\{"version":1,"messages":/, last: /"initial_prompt_sent":(true|false)\}\n?$/ };
/** A file that looks otherwise is parsed up to this size, in a few milliseconds; of a larger one both ends must do. */
const PARSED_BYTES = 1024 ** 2;
const END_BYTES = 512;

/**
 * Sees to it that AgentAPI's state file is one that it can load, or not there. Another version, order or spacing is no
 * damage: another AgentAPI may have written it. Of the usual file only both ends are read, so that the cost does not
 * grow with the conversation.
 *
 * @returns whether there is a conversation to continue
 */
export function checkSavedState(path: string, now: Date, log: Log): boolean {
  const file = openIfExists(path);
  if (file === undefined) return false;
  try {
    if (isLoadable(file)) return true;
  } finally {
    closeSync(file);
  }
  const aside = keepAside(path, now);
  log.warn(
    `AgentAPI's saved conversation is cut short or damaged. It is kept as ${aside}; the chat begins empty.`,
  );
  return false;
}

/** Puts the saved conversation aside: it belongs to another thread. */
export function setSavedStateAside(path: string): void {
  try {
    renameSync(path, `${path}.1`);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}

function openIfExists(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function isLoadable(file: number): boolean {
  const { size } = fstatSync(file);
  const read = (from: number, length: number) => {
    const bytes = Buffer.alloc(length);
    return bytes.toString("utf8", 0, readSync(file, bytes, 0, length, Math.max(0, from)));
  };
  const first = read(0, END_BYTES);
  const last = read(size - END_BYTES, END_BYTES);
  if (USUAL.first.test(first) && USUAL.last.test(last)) return true;
  if (size > PARSED_BYTES) return /^\s*\{\s*"/.test(first) && /[\]}"\w]\s*\}\s*$/.test(last);
  return isState(read(0, size));
}

function isState(text: string): boolean {
  try {
    const state: unknown = JSON.parse(firstValue(text));
    return (
      typeof state === "object" && state !== null && "version" in state && Number.isInteger(state.version)
    );
  } catch {
    return false;
  }
}

/** AgentAPI reads the first object and does not look at what comes behind it. */
function firstValue(text: string): string {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (isInString && char === "\\") at++;
    else if (char === '"') isInString = !isInString;
    else if (!isInString && /[{[]/.test(char)) depth++;
    else if (!isInString && /[}\]]/.test(char) && --depth === 0) return text.slice(0, at + 1);
  }
  return text;
}
