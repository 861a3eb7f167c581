import { fstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AgentApiError } from "../agentapi/errors.ts";
import type { Context } from "../context.ts";
import { ModuleError, reasonOf } from "../errors.ts";
import { endServer } from "../server/end.ts";
import { removeServerRecord, type ServerRecord, writeServerRecord } from "../server/record.ts";
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
  const { paths } = context;
  const started = performance.now();
  const elapsed = () => `${Math.round(performance.now() - started)} ms`;

  log.info(`Command: ${[plan.command.file, ...plan.command.args].map(quote).join(" ")}`);
  log.info(`Working directory: ${plan.workdir}`);
  let attempt = await launch(context, plan, prompt, log);
  const isTyped = attempt.readiness.state === "unrecognised";
  if (isTyped) attempt = await typeInstead(context, plan, prompt, attempt.record, log);

  const delivery = isTyped ? "typed" : attempt.readiness.state === "ready" ? "chat" : "unknown";
  writeFileAtomic(paths.ready, "");
  writeServerRecord(paths.running, { ...attempt.record, isReady: true, delivery });
  if (plan.savesState && !isTyped) saveNow(join(paths.state, "agentapi.pid"));
  if (delivery !== "unknown") writeFileAtomic(paths.deliveredPrompt, promptDigest(plan.prompt));
  report(delivery, prompt, elapsed(), log);
}

interface Attempt {
  record: ServerRecord;
  readiness: Readiness;
}

/** One launch, up to where it is known how the agent took it; `then` is the last that must work out. */
async function launch(
  context: Context,
  plan: StartPlan,
  prompt: string,
  log: Log,
  then?: () => Promise<void>,
): Promise<Attempt> {
  const { config, paths, env } = context;
  const started = performance.now();
  const outputFrom = fstatSync(log.file).size;
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
  const onAnswer = () => {
    const afterMs = Math.round(performance.now() - started);
    log.info(`AgentAPI answers on port ${config.agentapi_port} after ${afterMs} ms.`);
  };

  try {
    const readiness = await awaitReadiness({
      client: plan.client,
      ended: server.ended,
      prompt,
      onAnswer,
      ...timesFrom(env),
    });
    await then?.();
    // The stream agent says such a failure in the chat, where nobody may look; the next message would fare no better.
    const failedTurn =
      /amp-acp: turn failed: (auth_required|cannot_connect|cli_not_found|unsupported_version)/;
    if (failedTurn.test(readEvidence(paths.startLog, outputFrom))) {
      throw new NotReady({ screen: "", status: "stable" }, undefined);
    }
    return { record, readiness };
  } catch (error) {
    throw await failed(error, server, context, plan, outputFrom);
  }
}

/**
 * Types a prompt that AgentAPI did not send. The AgentAPI that still has it goes first: as soon as it did find an input
 * box, it would send the prompt a second time.
 */
async function typeInstead(
  context: Context,
  plan: StartPlan,
  prompt: string,
  unsent: ServerRecord,
  log: Log,
): Promise<Attempt> {
  log.warn(
    `AgentAPI does not recognise Amp's input box: the screen has rested for ${REST_MS / 1000} s and the prompt is still ` +
      "unsent. Both are started again without it, and it is typed into the terminal.",
  );
  await endServer(unsent);
  // What it saved on its way out holds the prompt, too, as one to send. AgentAPI reads such a file only once it finds an
  // input box, over whatever has been said by then: so there must be none.
  rmSync(context.paths.savedState, { force: true });
  const { AGENTAPI_STATE_FILE: _, ...env } = plan.env;
  const stateless = { ...plan, env, savesState: false };
  return launch(context, stateless, "", log, () => typePrompt(plan.client, prompt));
}

function report(delivery: ServerRecord["delivery"], prompt: string, elapsed: string, log: Log): void {
  if (delivery === "chat") {
    log.info(prompt === "" ? `Amp is ready after ${elapsed}.` : `Amp has taken the prompt after ${elapsed}.`);
  } else if (delivery === "unknown") {
    const later = prompt === "" ? "The chat opens" : "AgentAPI sends the prompt";
    log.warn(
      `The agent lives, but its screen did not come to rest within ${SETTLE_MS / 1000} s. ${later} as soon as it does.`,
    );
  } else {
    log.warn(
      `The prompt was typed into the terminal after ${elapsed}, so it stands in no history, and messages from the chat ` +
        "cannot arrive either. Amp's screen has changed since this AgentAPI; " +
        'transport = "stream" does not depend on any screen.',
    );
  }
}

async function failed(
  error: unknown,
  server: LaunchedServer,
  context: Context,
  { modes }: StartPlan,
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
  return diagnose({ output, screen: error.observed.screen, ending: error.ending, modes }, config);
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
