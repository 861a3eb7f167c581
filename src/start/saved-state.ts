import { closeSync, fstatSync, openSync, readSync, renameSync } from "node:fs";
import { errorCode } from "../errors.ts";
import type { Log } from "../system/log.ts";
import { compareVersions } from "../system/version.ts";

/** Older releases have neither the state file nor a handler for SIGUSR1, which would end them. */
export const FIRST_WITH_STATE = "0.12.0";

export function canSaveState(agentapiVersion: string): boolean {
  return compareVersions(agentapiVersion, FIRST_WITH_STATE) >= 0;
}

/**
 * Sees to it that AgentAPI's state file is whole, or not there. Looks at both ends only, so that the cost does not grow
 * with the conversation: AgentAPI writes one JSON object and a line end.
 *
 * @returns whether there is a conversation to go on with
 */
export function checkSavedState(path: string, now: Date, log: Log): boolean {
  const ends = endsOf(path);
  if (ends === undefined) return false;
  if (/^\{"version":1,"messages":/.test(ends.first) && /\}\n?$/.test(ends.last)) return true;
  const aside = `${path}.unreadable-${now.toISOString().replace(/[:.]/g, "-")}`;
  renameSync(path, aside);
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

function endsOf(path: string): { first: string; last: string } | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    const read = (from: number) => {
      const bytes = Buffer.alloc(32);
      return bytes.toString("utf8", 0, readSync(file, bytes, 0, 32, Math.max(0, from)));
    };
    return { first: read(0), last: read(size - 32) };
  } finally {
    closeSync(file);
  }
}
