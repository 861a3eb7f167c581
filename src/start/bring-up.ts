import { fstatSync } from "node:fs";
import { join } from "node:path";
import type { AgentApiClient } from "../agentapi/client.ts";
import { AgentApiError } from "../agentapi/errors.ts";
import { firstAnswer } from "../agentapi/wait.ts";
import { InputHistory } from "../amp/input-history.ts";
import type { Context } from "../context.ts";
import { ModuleError, reasonOf } from "../errors.ts";
import { endServer } from "../server/end.ts";
import { removeServerRecord, type ServerRecord, writeServerRecord } from "../server/record.ts";
import { readTextIfExists, writeFileAtomic } from "../system/atomic-file.ts";
import type { Log } from "../system/log.ts";
import { quote } from "./commands.ts";
import { diagnose } from "./diagnosis.ts";
import { readEvidence } from "./evidence.ts";
import { type LaunchedServer, launchServer } from "./launch.ts";
import { type Errand, type Outcome, report } from "./outcome.ts";
import type { StartPlan } from "./plan.ts";
import { seeStreamThrough } from "./stream-readiness.ts";
import { seeTerminalThrough } from "./terminal-readiness.ts";
import { AgentWatch, NotReady } from "./watch.ts";

/** AgentAPI itself is up within milliseconds; a loaded machine may need longer. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Launches AgentAPI and sees the agent through its first seconds, its prompt included. Where the agent does not come up
 * nothing is left running; where something stands between it and its prompt, it stays for a person to look at.
 *
 * @param errand what the agent is to be given now
 * @throws StartError with the likely cause; ModuleError where the prompt could not be given
 */
export async function bringUp(context: Context, plan: StartPlan, errand: Errand, log: Log): Promise<void> {
  const { config, paths, env } = context;
  log.info(`Command: ${[plan.command.file, ...plan.command.args].map(quote).join(" ")}`);
  log.info(`Working directory: ${plan.workdir}`);
  const started = performance.now();
  const outputFrom = fstatSync(log.file).size;
  const isStream = config.transport === "stream";
  const server = await launchServer({
    command: plan.command,
    env: plan.env,
    cwd: plan.workdir,
    stdin: isStream ? promptFile(paths.prompt, errand.prompt) : "/dev/null",
    output: log.file,
    supervisor: { script: paths.supervisor, state: paths.state, savesState: plan.savesState },
  });
  const record: ServerRecord = {
    ...server.identity,
    port: config.agentapi_port,
    configuration: plan.configuration,
    isReady: false,
  };
  writeServerRecord(paths.running, record);
  const elapsedMs = () => Math.round(performance.now() - started);
  let outcome: Outcome;
  try {
    await untilAnswered(plan, server.ended);
    log.info(`AgentAPI answers on port ${config.agentapi_port} after ${elapsedMs()} ms.`);
    outcome = isStream
      ? await seeStreamThrough({
          output: () => readEvidence(paths.startLog, outputFrom),
          ended: server.ended,
          errand,
        })
      : await watched(plan.client, server.ended, (watch) =>
          seeTerminalThrough({
            client: plan.client,
            watch,
            errand,
            openHistory: () => new InputHistory(paths.ampHistory),
            ...timesFrom(env),
          }),
        );
    writeFileAtomic(paths.ready, "");
    writeServerRecord(paths.running, { ...record, isReady: true });
  } catch (error) {
    throw await failed(error, server, context, plan, outputFrom);
  }
  if (plan.savesState) saveNow(join(paths.state, "agentapi.pid"));
  report(outcome, errand, config, elapsedMs(), log);
}

async function watched<Result>(
  client: AgentApiClient,
  ended: Promise<string>,
  look: (watch: AgentWatch) => Promise<Result>,
): Promise<Result> {
  const watch = new AgentWatch({ client, ended });
  try {
    return await look(watch);
  } finally {
    watch.close();
  }
}

async function untilAnswered({ client }: StartPlan, ended: Promise<string>): Promise<void> {
  const stop = new AbortController();
  const death = ended.then((ending) => {
    throw new NotReady("", ending);
  });
  death.catch(() => {});
  try {
    await Promise.race([firstAnswer(client, { timeoutMs: ANSWER_TIMEOUT_MS, signal: stop.signal }), death]);
  } finally {
    stop.abort();
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
  // A connection that breaks is how a dying server looks from outside: its exit says more.
  const cause = error instanceof AgentApiError ? await endingWithin(server.ended, 2_000, error) : error;
  await endServer(server.identity);
  removeServerRecord(paths.running);
  if (cause instanceof AgentApiError) {
    return new ModuleError(
      `AgentAPI was started but cannot be talked to: ${reasonOf(cause)}.`,
      "Start again; where it stays so, set agentapi_version to another release.",
      { cause },
    );
  }
  if (!(cause instanceof NotReady)) return cause;
  const output = readEvidence(paths.startLog, outputFrom);
  return diagnose({ output, screen: cause.screen, ending: cause.ending, modes }, config);
}

function endingWithin(ended: Promise<string>, ms: number, otherwise: unknown): Promise<unknown> {
  const timeout = new Promise((resolve) => setTimeout(resolve, ms, otherwise).unref());
  return Promise.race([ended.then((ending) => new NotReady("", ending)), timeout]);
}

/** The chat is kept from here on, whatever happens to AgentAPI next. */
function saveNow(pidFile: string): void {
  try {
    process.kill(Number(readTextIfExists(pidFile)), "SIGUSR1");
  } catch {
    // It has just ended: its supervisor deals with that.
  }
}

/** AgentAPI reads the stream agent's first prompt from stdin; `/dev/null` says that there is none. */
function promptFile(path: string, prompt: string): string {
  if (prompt === "") return "/dev/null";
  writeFileAtomic(path, prompt);
  return path;
}

/** Only tests have a reason to believe an agent sooner. */
function timesFrom(env: NodeJS.ProcessEnv): { minLifeMs?: number } {
  const minLifeMs = Number(env["AMP_MODULE_MIN_LIFE_MS"] ?? "");
  return env["AMP_MODULE_MIN_LIFE_MS"] && Number.isFinite(minLifeMs) ? { minLifeMs } : {};
}
