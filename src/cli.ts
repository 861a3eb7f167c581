import { fileURLToPath } from "node:url";
import { ModuleError } from "./base/errors.ts";
import { alone } from "./commands/alone.ts";
import { runInstall } from "./commands/install.ts";
import { isShown } from "./commands/logged.ts";
import { runStart } from "./commands/start.ts";
import { runStop } from "./commands/stop.ts";
import { createContext } from "./context.ts";
import { reportFailure } from "./report.ts";
import { beforeRestart } from "./server/before-restart.ts";
import { explainEnd } from "./server/explain-end.ts";

// Set if Amp's own Bun runs this file; the Amp that we start would be a Bun again.
delete process.env["BUN_BE_BUN"];

const context = () => createContext(fileURLToPath(import.meta.url), process.env);

/** What a start and a stop need; what only people type is in `tools.ts`, a bundle of its own. */
const commands = new Map<string | undefined, () => unknown>([
  ["install", () => alone(context(), runInstall)],
  ["start", () => alone(context(), runStart)],
  ["stop", () => runStop(context())],
  // The supervisor's: what an end has left and whether to go on, and why AgentAPI ended with this exit code.
  ["before-restart", () => beforeRestart(context())],
  ["explain-end", () => explainEnd(context(), Number(process.argv[3]))],
]);

try {
  const command = commands.get(process.argv[2]);
  if (!command) {
    throw new ModuleError(
      `amp-module.br85 has only the commands ${[...commands.keys()].join(", ")}.`,
      "Use amp-tools.br85 beside it, which has the others.",
    );
  }
  await command();
} catch (error) {
  if (!isShown(error)) reportFailure(error);
  process.exitCode = 1;
}
