import { existsSync } from "node:fs";
import type { Command } from "commander";
import { startChild } from "../base/child.ts";
import { ModuleError } from "../base/errors.ts";
import { FrontCommand } from "./front.ts";

const SUMMARIES = {
  install: "install Amp and AgentAPI if they are missing, write Amp's settings",
  start: "install what is missing, then start AgentAPI with Amp under it; a healthy one is left alone",
  stop: "end AgentAPI and Amp",
};

/**
 * `install`, `start` and `stop`, which are in the start script's bundle. The launcher takes a plain one there by itself;
 * what it left to this front, such as `start --`, is handed back.
 *
 * @param launcher the path of `amp-module`
 */
export function startBundleCommands(launcher: string): Command[] {
  return Object.entries(SUMMARIES).map(([name, summary]) =>
    new FrontCommand(name, summary).action(async () => {
      if (!existsSync(launcher)) {
        throw new ModuleError(
          `The module's program ${launcher} is missing.`,
          "Restart the workspace: its start script writes the file anew.",
        );
      }
      const { exited, isStarted } = startChild(launcher, [name], {
        env: process.env,
        stdio: "inherit",
        hasOwnGroup: false,
      });
      await isStarted;
      process.exitCode = (await exited).code ?? 1;
    }),
  );
}
