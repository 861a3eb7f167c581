import type { Command } from "commander";
import type { Context } from "../context.ts";
import { doctor } from "../operate/doctor.ts";
import { FrontCommand } from "./front.ts";

/** `amp-module doctor`. */
export function doctorCommand(context: () => Context): Command {
  return new FrontCommand(
    "doctor",
    "look at everything that the module set up and say what is wrong and how to fix it",
  ).action(async () => {
    process.exitCode = (await doctor(context())) ? 0 : 1;
  });
}
