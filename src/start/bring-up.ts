import { fstatSync } from "node:fs";
import { join } from "node:path";
import { AgentApiError } from "../agentapi/errors.ts";
import type { Context } from "../context.ts";
import { ModuleError, reasonOf } from "../errors.ts";
import { endServer } from "../server/end.ts";
import { removeServerRecord, writeServerRecord } from "../server/record.ts";
import { readTextIfExists, writeFileAtomic } from "../system/atomic-file.ts";
import type { Log } from "../system/log.ts";
import { quote } from "./commands.ts";
import { promptDigest } from "./configuration.ts";
import { typePrompt } from "./deliver.ts";
import { diagnose } from "./diagnosis.ts";
import { readEvidence } from "./evidence.ts";
import { type LaunchedServer, launchServer } from "./launch.ts";
import type { StartPlan } from "./plan.ts";
import { awaitReadiness, NotReady, REST_MS, type Readiness, SETTLE_MS } from "./readiness.ts";

/**
 * Launches AgentAPI and sees the agent through its first seconds. Nothing is left running where it fails.
 *
 * @param prompt what the agent is to be given now, "" for nothing
 * @throws StartError with the likely cause
 */
export async function bringUp(context: Context, plan: StartPlan, prompt: string, log: Log): Promise<void> {
  const { config, paths, env } = context;
  const started = performance.now();
  const elapsed = () => `${Math.round(performance.now() - started)} ms`;
  const outputFrom = fstatSync(log.file).size;

  log.info(`Command: ${[plan.command.file, ...plan.command.args].map(quote).join(" ")}`);
  log.info(`Working directory: ${plan.workdir}`);
  const server = await launchServer({
    command: plan.command,
    env: plan.env,
    cwd: plan.workdir,
    stdin: promptFile(paths.prompt, prompt),
    output: log.file,
    supervisor: { script: paths.supervisor, state: paths.state, savesState: plan.savesState },
  });
  const record = {
    ...server.identity,
    port: config.agentapi_port,
    configuration: plan.configuration,
    prompt: promptDigest(plan.prompt),
    isReady: false,
  };
  writeServerRecord(paths.running, record);

  let readiness: Readiness;
  try {
    readiness = await awaitReadiness({
      client: plan.client,
      ended: server.ended,
      prompt,
      onAnswer: () => log.info(`AgentAPI answers on port ${config.agentapi_port} after ${elapsed()}.`),
      ...timesFrom(env),
    });
    if (readiness.state === "unrecognised") await typePrompt(plan.client, prompt);
    // The stream agent says such a failure in the chat, where nobody may look; the next message would fare no better.
    const failedTurn =
      /amp-acp: turn failed: (auth_required|cannot_connect|cli_not_found|unsupported_version)/;
    if (failedTurn.test(readEvidence(paths.startLog, outputFrom))) {
      throw new NotReady({ screen: "", status: "stable" }, undefined);
    }
  } catch (error) {
    throw await failed(error, server, context, outputFrom);
  }
  writeFileAtomic(paths.ready, "");
  writeServerRecord(paths.running, { ...record, isReady: true, delivery: DELIVERY[readiness.state] });
  if (plan.savesState) saveNow(join(paths.state, "agentapi.pid"));
  if (readiness.state !== "settling") writeFileAtomic(paths.deliveredPrompt, promptDigest(plan.prompt));
  report(readiness, prompt, elapsed(), log);
}

const DELIVERY = { ready: "chat", unrecognised: "typed", settling: "unknown" } as const;

function report(readiness: Readiness, prompt: string, elapsed: string, log: Log): void {
  if (readiness.state === "ready") {
    log.info(prompt === "" ? `Amp is ready after ${elapsed}.` : `Amp has taken the prompt after ${elapsed}.`);
  } else if (readiness.state === "settling") {
    const later = prompt === "" ? "The chat opens" : "AgentAPI sends the prompt";
    log.warn(
      `The agent lives, but its screen did not come to rest within ${SETTLE_MS / 1000} s. ${later} as soon as it does.`,
    );
  } else {
    log.warn(
      `AgentAPI does not recognise Amp's input box: the screen has rested for ${REST_MS / 1000} s and the prompt was still ` +
        "unsent. It was typed into the terminal instead, so it stands in no history, and messages from the chat cannot " +
        'arrive either. Amp\'s screen has changed since this AgentAPI; transport = "stream" does not depend on any screen.',
    );
  }
}

async function failed(
  error: unknown,
  server: LaunchedServer,
  context: Context,
  outputFrom: number,
): Promise<unknown> {
  const { config, paths } = context;
  await endServer(server.identity);
  removeServerRecord(paths.running);
  if (error instanceof AgentApiError) {
    return new ModuleError(
      `AgentAPI was started but cannot be talked to: ${reasonOf(error)}.`,
      "Start again; where it stays so, set agentapi_version to another release.",
      { cause: error },
    );
  }
  if (!(error instanceof NotReady)) return error;
  const output = readEvidence(paths.startLog, outputFrom);
  return diagnose({ output, screen: error.observed.screen, ending: error.ending }, config);
}

/** The prompt is part of the conversation from here on, whatever happens to AgentAPI next. */
function saveNow(pidFile: string): void {
  try {
    process.kill(Number(readTextIfExists(pidFile)), "SIGUSR1");
  } catch {
    // It has just ended: its supervisor deals with that.
  }
}

/** AgentAPI reads the first prompt from stdin; `/dev/null` says that there is none. */
function promptFile(path: string, prompt: string): string {
  if (prompt === "") return "/dev/null";
  writeFileAtomic(path, prompt);
  return path;
}

/** Only tests have a reason to believe an agent sooner. */
function timesFrom(env: NodeJS.ProcessEnv): { times?: { minLifeMs: number } } {
  const minLifeMs = Number(env["AMP_MODULE_MIN_LIFE_MS"] ?? "");
  return env["AMP_MODULE_MIN_LIFE_MS"] && Number.isFinite(minLifeMs) ? { times: { minLifeMs } } : {};
}
