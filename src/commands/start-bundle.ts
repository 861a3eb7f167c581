import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import { ModuleError } from "../base/errors.ts";
import { FrontCommand } from "./front.ts";

const SUMMARIES = {
  install: "install Amp and AgentAPI if they are missing, write Amp's settings",
  start: "install what is missing, then start AgentAPI with Amp under it; a healthy one is left alone",
  stop: "end AgentAPI and Amp",
};

/**
 * `install`, `start` and `stop`, which are in the start script's bundle: it reads the same arguments of this process.
 *
 * @param bundle the path of `amp-module.mjs`
 */
export function startBundleCommands(bundle: string): Command[] {
  return Object.entries(SUMMARIES).map(([name, summary]) =>
    new FrontCommand(name, summary).action(async () => {
      if (!existsSync(bundle)) {
        throw new ModuleError(
          `The module's program ${bundle} is missing.`,
          "Restart the workspace: its start script writes the file anew.",
        );
      }
      await import(pathToFileURL(bundle).href);
    }),
  );
}
