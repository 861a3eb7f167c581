import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AmpOptions } from "./amp/options.ts";
import { approvalCommands } from "./commands/approvals.ts";
import { attachCommand } from "./commands/attach.ts";
import { cancelCommand } from "./commands/cancel.ts";
import { chatCommand } from "./commands/chat.ts";
import { completionCommand } from "./commands/completion.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { createFront, runFront } from "./commands/front.ts";
import { logsCommand } from "./commands/logs.ts";
import { mcpCommand } from "./commands/mcp.ts";
import { permissionsCommand } from "./commands/permissions.ts";
import { prebakeCommand } from "./commands/prebake.ts";
import { runCommand } from "./commands/run.ts";
import { startBundleCommands } from "./commands/start-bundle.ts";
import { statusCommand } from "./commands/status.ts";
import { threadCommand } from "./commands/thread.ts";
import { trustCommand } from "./commands/trust.ts";
import { type Context, createContext, locate } from "./context.ts";
import { subjectOf } from "./operate/doctor/subject.ts";
import { ampPrefixes, type Paths, PREBAKED_DIR } from "./paths.ts";
import { reportFailure } from "./report.ts";

const thisFile = fileURLToPath(import.meta.url);

process.umask(0o077);
// Set if Amp's own Bun runs this file; the Amp that we start would be a Bun again.
delete process.env["BUN_BE_BUN"];

try {
  const front = createFront("Installs Sourcegraph's Amp in a Coder workspace and runs it under AgentAPI.", [
    ...startBundleCommands(join(dirname(thisFile), "amp-module")),
    statusCommand(pathsOfThisFile, contextOfThisFile),
    doctorCommand(() => subjectOf(thisFile, process.env)),
    logsCommand(pathsOfThisFile, contextOfThisFile),
    chatCommand(contextOfThisFile),
    attachCommand(contextOfThisFile),
    cancelCommand(contextOfThisFile),
    ...approvalCommands(contextOfThisFile),
    threadCommand(contextOfThisFile),
    runCommand(whereAmpIs),
    mcpCommand(contextOfThisFile),
    permissionsCommand(contextOfThisFile),
    trustCommand(contextOfThisFile),
    completionCommand(),
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

function pathsOfThisFile(): Paths {
  return locate(thisFile, process.env);
}
