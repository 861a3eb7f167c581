import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Check, type Finding, note, ok } from "./check.ts";

/** The newest, if there are many. */
const MOST = 3;

const warnings: Check = {
  name: "warnings",
  group: "Logs",
  look({ paths }): Finding[] {
    return [paths.installLog, paths.startLog].filter(existsSync).map((path): Finding => {
      const found = warningsOf(path);
      if (found.length === 0) return ok(`${basename(path)} has no warning`);
      const more = found.length > MOST ? ` (the last ${MOST} of ${found.length})` : "";
      return note(`${basename(path)} warns${more}: ${found.slice(-MOST).join(" ")}`, `Read ${path}.`);
    });
  },
};

/** Errors are told by the last start's failure. */
export function warningsOf(path: string): string[] {
  const lines = readFileSync(path, "utf8").matchAll(/^\S+ WARN {2}(?! )(.*)$/gm);
  return [...lines].map(([, text = ""]) => text);
}

export const LOG_CHECKS: readonly Check[] = [warnings];
