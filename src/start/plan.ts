import { mkdirSync } from "node:fs";
import { type AgentApiClient, createAgentApiClient } from "../agentapi/client.ts";
import { mayHaveMode } from "../amp/modes.ts";
import type { AmpProbe } from "../amp/probe.ts";
import { ModuleError, reasonOf } from "../base/errors.ts";
import { isOnPath } from "../base/executables.ts";
import { FOLDER_FIX, folderProblem } from "../base/folder.ts";
import type { Log } from "../base/log.ts";
import type { Context } from "../context.ts";
import { firstPrompt } from "../conversation/prompt.ts";
import { expandHome } from "../paths.ts";
import { refuseUntrusted } from "../project-trust.ts";
import { type BoundedAgent, insideBoundary } from "../server/boundary.ts";
import { agentCommand, type Command, serverCommand, serverEnvironment } from "../server/command.ts";
import { canSaveState } from "../server/releases.ts";
import { streamAgent } from "../server/stream-agent.ts";
import { configurationDigest } from "./configuration.ts";

/** The programs to start, as the install found or made them. */
export interface Programs {
  amp: AmpProbe;
  agentapi: { path: string; version: string };
}

/** What a start is to be, before anything is started. */
export interface StartPlan {
  client: AgentApiClient;
  workdir: string;
  /** The first prompt of this build of the workspace, "" for none. */
  prompt: string;
  /** Digest by which a running AgentAPI is found to be the wanted one; the thread does not count. */
  configuration: string;
  savesState: boolean;
  /** Names of the modes that the installed Amp lists. */
  modes: readonly string[];
  agentapiVersion: string;
  command: Command;
  env: NodeJS.ProcessEnv;
}

/** @throws ModuleError if the template asks for something that this workspace does not have */
export function makePlan(context: Context, { amp, agentapi }: Programs): StartPlan {
  const { config, paths, env } = context;
  checkMode(config.mode, amp);
  const workdir = makeWorkdir(expandHome(config.workdir, paths.home));
  refuseUntrusted(config, paths, workdir);
  const command = serverCommand(config, agentapi.path, agentCommand(config, amp).command);
  // Without a screen AgentAPI keeps no state; Amp's thread is what continues.
  const savesState =
    config.enable_state_persistence && config.transport === "terminal" && canSaveState(agentapi.version);
  return {
    client: createAgentApiClient({ baseUrl: `http://127.0.0.1:${config.agentapi_port}` }),
    workdir,
    prompt: firstPrompt(config, isOnPath("coder", env)),
    configuration: configurationDigest(config, command, [amp.version, agentapi.version], env),
    savesState,
    modes: amp.modes,
    agentapiVersion: agentapi.version,
    command,
    env: {
      ...serverEnvironment(config, paths, env, amp.path),
      ...(savesState ? { AGENTAPI_STATE_FILE: paths.savedState } : {}),
    },
  };
}

/** The plan with the agent's last touches: its thread, and the boundary around it. */
export async function withAgent(
  plan: StartPlan,
  context: Context,
  { amp, agentapi }: Programs,
  thread: string | undefined,
  log: Log,
): Promise<StartPlan> {
  const { config } = context;
  const agent =
    config.transport === "stream"
      ? await streamAgent(context, amp, agentapi.version, thread)
      : terminalAgent(context, amp, thread, log);
  const bounded = config.enable_boundary
    ? await insideBoundary(context, agent.command)
    : { command: agent.command, env: {} };
  const command = serverCommand(config, agentapi.path, bounded.command);
  return { ...plan, command, env: { ...plan.env, ...agent.env, ...bounded.env } };
}

function terminalAgent(
  { config }: Context,
  amp: AmpProbe,
  thread: string | undefined,
  log: Log,
): BoundedAgent {
  const { command, unsupported } = agentCommand(config, amp, thread);
  if (unsupported.length > 0) {
    log.warn(`Amp ${amp.version} has no option for ${unsupported.join(" and ")}, so it is left out.`);
  }
  return { command, env: {} };
}

/** Modes change between Amp releases, so the list is the installed Amp's own; plugins may add to it. */
export function checkMode(mode: string, amp: AmpProbe): void {
  if (mode === "" || mayHaveMode(amp, mode)) return;
  throw new ModuleError(
    `Amp ${amp.version} does not know the mode "${mode}"; it knows ${amp.modes.join(", ")}.`,
    "Set mode to one of these, or leave it empty for Amp's own default.",
  );
}

export function makeWorkdir(workdir: string): string {
  let cause: unknown;
  try {
    mkdirSync(workdir, { recursive: true });
  } catch (error) {
    cause = error;
  }
  const problem = folderProblem(workdir);
  if (problem === undefined) return workdir;
  throw problem === "does not exist"
    ? new ModuleError(
        `The workdir ${workdir} could not be created: ${reasonOf(cause)}.`,
        "Set workdir to a folder that the workspace's user may create.",
        { cause },
      )
    : new ModuleError(`The workdir ${workdir} ${problem}.`, FOLDER_FIX, { cause });
}
