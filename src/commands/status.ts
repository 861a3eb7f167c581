import type { Command } from "commander";
import { fixOf, reasonOf } from "../base/errors.ts";
import { harmless } from "../base/harmless.ts";
import { createRedact } from "../base/redact.ts";
import type { Context } from "../context.ts";
import { foreignOwner } from "../operate/owner.ts";
import { gatherStatus, type Status, statusWithout } from "../operate/status.ts";
import { longStatus, shortStatus } from "../operate/status-text.ts";
import { painter } from "../operate/style.ts";
import type { Paths } from "../paths.ts";
import { FrontCommand } from "./front.ts";

interface Flags {
  json?: true;
  short?: true;
}

const DETAILS = `
Nothing is started and nothing is waited for. Exit codes: 0 healthy, 1 not.`;

/**
 * `amp-module status`.
 *
 * @param locate finds the module's files, also if their content is of no use
 */
export function statusCommand(locate: () => Paths, context: () => Context): Command {
  return new FrontCommand("status", "say in a moment what runs, which versions, and what Amp does")
    .option("--json", "print all of it as JSON")
    .option("--short", "print one line, for a dashboard")
    .addHelpText("after", DETAILS)
    .action(async ({ json, short }: Flags) => {
      const { status, redact } = await look(locate, context);
      const text = json
        ? JSON.stringify(status, undefined, 2)
        : short
          ? shortStatus(status).replace(/\s+/g, " ")
          : longStatus(status, process.env["HOME"] ?? "", painter(process.stdout, process.env));
      console.log(json || short ? redact(harmless(text)) : redact(text));
      process.exitCode = status.isHealthy ? 0 : 1;
    });
}

async function look(
  locate: () => Paths,
  context: () => Context,
): Promise<{ status: Status; redact: (text: string) => string }> {
  const redact = createRedact(process.env);
  let paths: Paths | undefined;
  try {
    paths = locate();
    const foreign = foreignOwner(paths, "status");
    if (foreign) {
      const what = `${paths.moduleDir} ${foreign.belongs}.`;
      return { status: statusWithout(paths, what, foreign.fix), redact };
    }
    const known = context();
    return { status: await gatherStatus(known), redact: known.redact };
  } catch (error) {
    const fix = fixOf(error) ?? "Restart the workspace.";
    return { status: statusWithout(paths, reasonOf(error), fix), redact };
  }
}
