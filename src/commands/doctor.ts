import { resolve } from "node:path";
import type { Command } from "commander";
import { writeBundle } from "../operate/doctor/bundle.ts";
import type { Subject } from "../operate/doctor/check.ts";
import { examine } from "../operate/doctor/examine.ts";
import { toJson } from "../operate/doctor/json.ts";
import { render } from "../operate/doctor/render.ts";
import { FrontCommand } from "./front.ts";

interface Flags {
  all?: true;
  json?: true;
  bundle?: string;
}

const DETAILS = `
Takes less than 5 seconds, also when something hangs. On a terminal what is in
order is folded. Amp's server is asked whether it accepts the key.

Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage.`;

/** `amp-module doctor`. */
export function doctorCommand(subject: () => Subject): Command {
  return new FrontCommand(
    "doctor",
    "look at everything that the module set up and say what is wrong and how to fix it",
  )
    .option("-a, --all", "one line for every check, also for what is in order")
    .option("--json", "print the checks as JSON")
    .option(
      "--bundle <file>",
      "also write an archive (tar.gz) for support: logs, state, checks; secrets masked",
    )
    .addHelpText("after", DETAILS)
    .action(async ({ all, json, bundle }: Flags) => {
      const examined = subject();
      const report = await examine(examined);
      const { columns = 80, rows = 24, isTTY = false } = process.stdout;
      const { NO_COLOR, TERM } = process.env;
      const view = { columns, rows, hasColour: isTTY && !NO_COLOR && TERM !== "dumb", isFull: all ?? !isTTY };
      const text = json ? toJson(report) : render(report, view);
      if (bundle !== undefined) writeBundle(resolve(bundle), examined, report);
      const written = bundle === undefined || json ? "" : `The archive is in ${resolve(bundle)}.\n`;
      await new Promise<void>((done) => process.stdout.write(text + written, () => done()));
      // What a check has given up on may still hold this process.
      process.exit(report.isHealthy ? 0 : 1);
    });
}
