import { join } from "node:path";
import { startChild } from "../base/child.ts";
import { ModuleError, reasonOf } from "../base/errors.ts";
import type { Context } from "../context.ts";
import { findAgentapis } from "../install/agentapi/find.ts";
import { findServer, talksElsewhere } from "./server.ts";

/**
 * Opens Amp's own screen in this terminal, until the person leaves it.
 *
 * @returns the program's exit code
 * @throws ModuleError saying why it cannot be had
 */
export async function attach(context: Context): Promise<number> {
  const { config, paths, env } = context;
  if (config.transport === "runner") throw talksElsewhere(context);
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new ModuleError("This is not a terminal, so no screen can be shown.", 'Use `amp-module chat "…"`.');
  }
  if (!config.enable_agentapi) return runHere(join(paths.bin, "amp-session"), [], env);
  if (config.transport === "stream") {
    throw new ModuleError(
      'With transport = "stream" there is no screen to attach to: Amp exchanges typed events with AgentAPI.',
      "Talk to it with `amp-module chat`.",
    );
  }
  await findServer(context);
  const [agentapi] = findAgentapis(paths, env);
  if (agentapi === undefined) {
    throw new ModuleError("The program agentapi was not found.", "Run `amp-module install`.");
  }
  return runHere(agentapi, ["attach", "--url", `localhost:${config.agentapi_port}`], env);
}

async function runHere(file: string, args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  // The terminal belongs to the child: its keys are no signals for this process.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  try {
    const { isStarted, exited } = startChild(file, args, { env, stdio: "inherit", hasOwnGroup: false });
    await isStarted;
    return (await exited).code ?? 1;
  } catch (cause) {
    throw new ModuleError(`${file} cannot be run: ${reasonOf(cause)}.`, "Run `amp-module start`.", { cause });
  }
}
