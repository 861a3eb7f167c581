import { accessSync, closeSync, constants, openSync } from "node:fs";
import { startChild } from "../base/child.ts";
import { ModuleError, reasonOf } from "../base/errors.ts";
import { identifyProcess, type ProcessIdentity } from "../base/process-identity.ts";
import type { Command } from "./command.ts";

export interface Launch {
  command: Command;
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** The file that becomes stdin: AgentAPI takes what is in it as the first prompt. */
  stdin: string;
  /** An open file for stdout and stderr. */
  output: number;
  supervisor: {
    script: string;
    /** The state directory. */
    state: string;
    savesState: boolean;
  };
}

export interface LaunchedServer {
  /** Of the supervisor. */
  identity: ProcessIdentity;
  /** Settles with `exit code 1` or `signal SIGKILL` as soon as the process ends. */
  ended: Promise<string>;
}

/**
 * Starts AgentAPI under its supervisor, in a session of its own, so that both outlive this process and no Ctrl-C reaches
 * them. Nothing of the calling script's output stays open in them: the Coder agent would wait for that.
 *
 * @throws ModuleError if the program cannot be started
 */
export async function launchServer(launch: Launch): Promise<LaunchedServer> {
  const { command, env, cwd, stdin, output, supervisor } = launch;
  const input = openSync(stdin, "r");
  try {
    // The supervisor could only say so in the log, as a number.
    accessSync(command.file, constants.X_OK);
    const saves = supervisor.savesState ? "yes" : "no";
    const args = [supervisor.script, supervisor.state, saves, command.file, ...command.args];
    const { child, isStarted, exited } = startChild("/bin/sh", args, {
      cwd,
      env,
      stdio: [input, output, output],
    });
    const ended = exited.then(({ code, signal }) => (signal ? `signal ${signal}` : `exit code ${code}`));
    await isStarted;
    child.unref();
    const identity = identifyProcess(child.pid ?? 0);
    // It can be gone already; the caller learns that from `ended`.
    return { identity: identity ?? { pid: child.pid ?? 0, startedAt: "" }, ended };
  } catch (cause) {
    throw new ModuleError(
      `${command.file} could not be started: ${reasonOf(cause)}.`,
      "Check that the file is executable on this system and that workdir can be entered.",
      { cause },
    );
  } finally {
    closeSync(input);
  }
}
