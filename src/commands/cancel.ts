import type { Command } from "commander";
import { cancelTurn } from "../chat/cancel.ts";
import { findServer } from "../chat/server.ts";
import type { Context } from "../context.ts";
import { FrontCommand } from "./front.ts";

/** `amp-module cancel`. */
export function cancelCommand(context: () => Context): Command {
  return new FrontCommand("cancel", "end what Amp is at work on; the conversation continues").action(
    async () => {
      const known = context();
      const wasAtWork = await cancelTurn(known, await findServer(known));
      console.log(
        wasAtWork ? "Amp was asked to end its turn." : "Amp is not at work: there is nothing to cancel.",
      );
    },
  );
}
