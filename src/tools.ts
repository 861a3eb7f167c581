import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AmpOptions } from "./amp/options.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { createFront, runFront } from "./commands/front.ts";
import { prebakeCommand } from "./commands/prebake.ts";
import { runCommand } from "./commands/run.ts";
import { startBundleCommands } from "./commands/start-bundle.ts";
import { type Context, createContext } from "./context.ts";
import { ampPrefixes, PREBAKED_DIR } from "./paths.ts";
import { reportFailure } from "./report.ts";

const thisFile = fileURLToPath(import.meta.url);

process.umask(0o077);
// Set where Amp's own Bun runs this file; the Amp that we start would be a Bun again.
delete process.env["BUN_BE_BUN"];

try {
  const front = createFront("Installs Sourcegraph's Amp in a Coder workspace and runs it under AgentAPI.", [
    ...startBundleCommands(join(dirname(thisFile), "amp-module.mjs")),
    doctorCommand(contextOfThisFile),
    runCommand(whereAmpIs),
    prebakeCommand(),
  ]);
  await runFront(front, process.argv.slice(2));
} catch (error) {
  reportFailure(error);
  process.exitCode = 1;
}

/** `run` works without a module directory, too: then Amp is looked for in the usual places. */
function whereAmpIs(): AmpOptions {
  try {
    const { paths } = contextOfThisFile();
    return { probeCache: paths.ampProbe, npmPrefixes: ampPrefixes(paths) };
  } catch {
    return { npmPrefixes: [PREBAKED_DIR] };
  }
}

function contextOfThisFile(): Context {
  return createContext(thisFile, process.env);
}
