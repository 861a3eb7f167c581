import { mkdirSync } from "node:fs";
import { type AgentApiClient, createAgentApiClient } from "../agentapi/client.ts";
import { AgentApiError } from "../agentapi/errors.ts";
import type { AmpProbe } from "../amp/probe.ts";
import type { Context } from "../context.ts";
import { ModuleError, reasonOf } from "../errors.ts";
import { expandHome } from "../paths.ts";
import { endServer } from "../server/end.ts";
import { describePortHolder, isPortTaken } from "../server/port-holder.ts";
import {
  readRunningServer,
  removeServerRecord,
  type ServerRecord,
  writeServerRecord,
} from "../server/record.ts";
import { isOnPath } from "../system/executables.ts";
import type { Log } from "../system/log.ts";
import { bringUp } from "./bring-up.ts";
import { agentCommand, type Command, serverCommand, serverEnvironment } from "./commands.ts";
import { configurationDigest, promptDigest } from "./configuration.ts";
import { sendMessage } from "./deliver.ts";
import { firstPrompt } from "./prompt.ts";

/** The programs to start, as the install found or made them. */
export interface Programs {
  amp: AmpProbe;
  agentapi: { path: string; version: string };
}

/** Everything that a start needs, worked out before anything is touched. */
export interface StartPlan {
  command: Command;
  env: NodeJS.ProcessEnv;
  workdir: string;
  prompt: string;
  configuration: string;
  client: AgentApiClient;
}

/**
 * Sees to it that AgentAPI runs with Amp under it. A healthy one with the same configuration is left alone; another
 * one of ours is ended first.
 *
 * @param openLog opens `agentapi-start.log`: a new one only where something is started
 * @throws ModuleError with the agent's last screen and the likely cause where it does not come up
 */
export async function start(
  context: Context,
  programs: Programs,
  openLog: (options: { rotate: boolean }) => Log,
): Promise<void> {
  const { paths, config } = context;
  const running = readRunningServer(paths.running);
  let plan: StartPlan;
  try {
    plan = makePlan(context, programs);
  } catch (error) {
    return fail(openLog({ rotate: !running }), error);
  }
  const isKept =
    running?.isReady === true && running.configuration === plan.configuration && (await answers(plan.client));
  const keepsConversation =
    isKept && (running.prompt === promptDigest(plan.prompt) || plan.prompt === "" || running.prompt !== "");
  const log = openLog({ rotate: !keepsConversation });
  try {
    if (running && keepsConversation) return await keep(context, running, plan, log);
    if (running) {
      log.info(
        `AgentAPI (pid ${running.pid}) runs with an earlier configuration, never came up or does not answer: it is ended.`,
      );
      await endServer(running);
      removeServerRecord(paths.running);
    }
    if (await isPortTaken(config.agentapi_port)) {
      throw new ModuleError(
        `Port ${config.agentapi_port} is taken by ${describePortHolder(config.agentapi_port)}.`,
        "Set agentapi_port to a free port (a different one for each module instance), or end that process.",
      );
    }
    await bringUp(context, plan, log);
  } catch (error) {
    fail(log, error);
  } finally {
    log.close();
  }
}

function makePlan({ config, paths, env }: Context, { amp, agentapi }: Programs): StartPlan {
  checkMode(config.mode, amp);
  const agent = agentCommand(config, amp);
  const command = serverCommand(config, agentapi.path, agent.command);
  return {
    command,
    env: serverEnvironment(config, paths, env, amp.path),
    workdir: makeWorkdir(expandHome(config.workdir, paths.home)),
    prompt: firstPrompt(config, isOnPath("coder", env)),
    configuration: configurationDigest(config, command, [amp.version, agentapi.version], env),
    client: createAgentApiClient({ baseUrl: `http://127.0.0.1:${config.agentapi_port}` }),
  };
}

/** Modes change between Amp releases, so the list is the installed Amp's own; plugins may add to it. */
function checkMode(mode: string, amp: AmpProbe): void {
  const isListed = amp.modes.some((known) => known.toLowerCase() === mode.toLowerCase());
  if (mode === "" || isListed || amp.hasPluginModes || amp.modes.length === 0) return;
  throw new ModuleError(
    `Amp ${amp.version} does not know the mode "${mode}"; it knows ${amp.modes.join(", ")}.`,
    "Set mode to one of these, or leave it empty for Amp's own default.",
  );
}

function makeWorkdir(workdir: string): string {
  try {
    mkdirSync(workdir, { recursive: true, mode: 0o755 });
    return workdir;
  } catch (cause) {
    throw new ModuleError(
      `The workdir ${workdir} could not be created: ${reasonOf(cause)}.`,
      "Set workdir to a folder that the workspace's user may create.",
      { cause },
    );
  }
}

async function keep(context: Context, running: ServerRecord, plan: StartPlan, log: Log): Promise<void> {
  log.info(`AgentAPI (pid ${running.pid}) runs with this configuration and answers: it is left alone.`);
  if (plan.prompt === "" || running.prompt === promptDigest(plan.prompt)) return;
  log.info(`The prompt has changed: sending it as a further message (${plan.prompt.length} characters).`);
  await sendMessage(plan.client, plan.prompt);
  writeServerRecord(context.paths.running, { ...running, prompt: promptDigest(plan.prompt) });
}

/** While a message is on its way AgentAPI holds its answers back: silence is no sign of death, a refusal is. */
async function answers(client: AgentApiClient): Promise<boolean> {
  try {
    await client.status();
    return true;
  } catch (error) {
    return error instanceof AgentApiError && error.kind === "timeout";
  }
}

function fail(log: Log, error: unknown): never {
  log.failure(error);
  throw error;
}
