import type { Command } from "commander";
import { attach } from "../chat/attach.ts";
import type { Context } from "../context.ts";
import { FrontCommand } from "./front.ts";

/** `amp-module attach`. */
export function attachCommand(context: () => Context): Command {
  return new FrontCommand("attach", "open Amp's own screen in this terminal; Ctrl-C leaves it").action(
    async () => {
      process.exitCode = await attach(context());
    },
  );
}
