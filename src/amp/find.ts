import { constants } from "node:fs";
import { isAbsolute } from "node:path";
import { isExecutable, isUsable } from "../base/executables.ts";
import { type AmpSearch, ampPlaces } from "./places.ts";

/** How to start Amp: a `.js` entry needs a JavaScript runtime in front. */
export interface AmpCommand {
  file: string;
  args: string[];
}

/** Every executable Amp as an absolute path, each once, in order of preference. None is run: `probeAmp` tells what works. */
export function findAmps(search: AmpSearch): string[] {
  return [...new Set(ampPlaces(search))].filter((path) => isAbsolute(path) && isRunnable(path));
}

/** @param runtime the JavaScript runtime for a `.js` Amp; this process's own by default */
export function ampCommand(path: string, runtime = process.execPath): AmpCommand {
  return isScript(path) ? { file: runtime, args: [path] } : { file: path, args: [] };
}

function isRunnable(path: string): boolean {
  return isScript(path) ? isUsable(path, constants.R_OK) : isExecutable(path);
}

function isScript(path: string): boolean {
  return /\.[cm]?js$/.test(path);
}
