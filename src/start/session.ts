import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { AmpProbe } from "../amp/probe.ts";
import { writeFileAtomic } from "../base/atomic-file.ts";
import type { Log } from "../base/log.ts";
import { quote } from "../base/shell.ts";
import type { Context } from "../context.ts";
import { chooseThread } from "../conversation/thread.ts";
import { expandHome } from "../paths.ts";
import { refuseUntrusted } from "../project-trust.ts";
import { agentCommand, ampStatus, type Command } from "../server/command.ts";
import { checkMode, makeWorkdir } from "./plan.ts";

/**
 * What a start does if there is no AgentAPI (`enable_agentapi = false`): everything but running the agent, which the
 * terminal app then does.
 */
export async function prepareSession(
  context: Context,
  amp: AmpProbe,
  openLog: (options: { rotate: boolean }) => Log,
): Promise<void> {
  const { config, paths } = context;
  const log = openLog({ rotate: true });
  try {
    checkMode(config.mode, amp);
    const workdir = makeWorkdir(expandHome(config.workdir, paths.home));
    // The one of an earlier start would run Amp there all the same.
    rmSync(sessionScript(context), { force: true });
    refuseUntrusted(config, paths, workdir);
    const { id } = await chooseThread(context, amp, log);
    const path = writeSession(context, agentCommand(config, amp, id).command, workdir);
    log.info(`Amp is ready for the terminal app, which runs ${path}.`);
  } catch (error) {
    log.failure(error);
    throw error;
  } finally {
    log.close();
  }
}

/**
 * Writes `bin/amp-session`, which the terminal app runs if there is no AgentAPI (`enable_agentapi = false`): Amp
 * itself, in its working directory and on its thread.
 */
function writeSession(context: Context, agent: Command, workdir: string): string {
  const path = sessionScript(context);
  const lines = [
    "#!/bin/sh",
    "# Written by amp-module at every workspace start.",
    `cd ${quote(workdir)} || exit`,
    ...Object.entries(ampStatus(context.config)).map(([name, value]) => `export ${name}=${quote(value)}`),
    `exec ${[agent.file, ...agent.args].map(quote).join(" ")} "$@"`,
    "",
  ];
  writeFileAtomic(path, lines.join("\n"), 0o700);
  chmodSync(path, 0o700);
  return path;
}

function sessionScript({ paths }: Context): string {
  return join(paths.bin, "amp-session");
}
