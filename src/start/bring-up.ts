import { fstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AgentApiError } from "../agentapi/errors.ts";
import { firstAnswer } from "../agentapi/wait.ts";
import { InputHistory } from "../amp/input-history.ts";
import { isServerSilent } from "../amp/silent-server.ts";
import { readTextIfExists, writeFileAtomic } from "../base/atomic-file.ts";
import { ModuleError, reasonOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { quote } from "../base/shell.ts";
import type { Context } from "../context.ts";
import { DELIVERY_TIMES } from "../conversation/deliver.ts";
import { type Errand, type Outcome, report } from "../conversation/outcome.ts";
import { hadSession, seeStreamThrough } from "../conversation/stream-readiness.ts";
import { seeTerminalThrough, type TerminalOptions } from "../conversation/terminal-readiness.ts";
import { diagnose, StartError, silentServer } from "../server/diagnosis.ts";
import { endAll, endServer } from "../server/end.ts";
import { LogFollower, readEvidence } from "../server/evidence.ts";
import { type LaunchedServer, launchServer } from "../server/launch.ts";
import { findLeftServers } from "../server/left-behind.ts";
import { removeServerRecord, type ServerRecord, writeServerRecord } from "../server/record.ts";
import { tooOldAgentApi } from "../server/too-old.ts";
import { deathOf, NotReady, watching } from "../server/watch.ts";
import type { StartPlan } from "./plan.ts";

/** AgentAPI itself is up within milliseconds; a loaded machine may need longer. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Launches AgentAPI and sees the agent through its first seconds, its prompt included. If the agent does not come up
 * nothing is left running; if something stands between it and its prompt, it stays for a person to look at.
 *
 * @param errand what the agent is to be given now
 * @throws StartError with the likely cause; ModuleError if the prompt could not be given
 */
export async function bringUp(context: Context, plan: StartPlan, errand: Errand, log: Log): Promise<void> {
  const { config, paths } = context;
  log.info(`Command: ${[plan.command.file, ...plan.command.args].map(quote).join(" ")}`);
  log.info(`Working directory: ${plan.workdir}`);
  const started = performance.now();
  let { record, outcome } = await launch(context, plan, errand, log);
  if (outcome.state === "unboxed") {
    log.warn(
      `AgentAPI does not recognise Amp's input box: the screen has rested for ${DELIVERY_TIMES.restMs / 1000} s without ` +
        "one. Both are started again without a saved chat, and the prompt is typed into the terminal.",
    );
    await endServer(record);
    // AgentAPI reads such a file only once it finds an input box, over whatever has been said by then: there must be none.
    rmSync(paths.savedState, { force: true });
    const { AGENTAPI_STATE_FILE: _, ...env } = plan.env;
    ({ record, outcome } = await launch(context, { ...plan, env, savesState: false }, errand, log, {
      mayType: true,
      times: { restMs: 1_000 },
    }));
  } else if (plan.savesState) saveNow(join(paths.state, "agentapi.pid"));
  try {
    writeFileAtomic(paths.ready, "");
    writeServerRecord(paths.running, { ...record, isReady: true });
  } catch (error) {
    // Such as a full disk: an agent that nobody has on record would be in the next start's way.
    await endServer(record);
    removeServerRecord(paths.running);
    throw error;
  }
  report(outcome, errand, config, Math.round(performance.now() - started), log);
}

/** One launch, up to where it is known how the agent took its errand. */
async function launch(
  context: Context,
  plan: StartPlan,
  errand: Errand,
  log: Log,
  options: Pick<TerminalOptions, "mayType" | "times"> = {},
): Promise<{ record: ServerRecord; outcome: Outcome }> {
  const { config, paths, env } = context;
  const started = performance.now();
  const outputFrom = fstatSync(log.file).size;
  const isStream = config.transport === "stream";
  // AgentAPI sends it before it answers anybody.
  if (isStream && errand.prompt !== "") errand.note.sending();
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
  const { ended } = server;
  try {
    await untilAnswered(plan, ended);
    const afterMs = Math.round(performance.now() - started);
    log.info(`AgentAPI answers on port ${config.agentapi_port} after ${afterMs} ms.`);
    const outcome = await seeThrough(context, plan, { errand, ended, outputFrom, log, ...options });
    // With one that is only late the prompt may still arrive.
    if (outcome.state === "unconfirmed" && (await isServerSilent(env))) throw silentServer(config);
    return { record, outcome };
  } catch (error) {
    const cause = await failed(error, server, context, plan, outputFrom);
    if (isStream && !hadSession(readEvidence(paths.startLog, outputFrom))) errand.note.notSent();
    throw cause;
  }
}

interface Sight extends Pick<TerminalOptions, "errand" | "mayType" | "times"> {
  ended: Promise<string>;
  outputFrom: number;
  log: Log;
}

/** Sees the agent through its first seconds, in the way of its transport. */
function seeThrough(
  { config, paths, env }: Context,
  { client }: StartPlan,
  { errand, ended, outputFrom, log, ...options }: Sight,
): Promise<Outcome> {
  if (config.transport === "stream") {
    const follower = new LogFollower(paths.startLog, outputFrom);
    const news = () => follower.news();
    return seeStreamThrough({ news, ended, errand, debug: log.debug });
  }
  const openHistory = () => new InputHistory(paths.ampHistory);
  return watching({ client, ended, debug: log.debug }, (watch) =>
    seeTerminalThrough({ client, watch, errand, openHistory, ...timesFrom(env), ...options }),
  );
}

async function untilAnswered({ client }: StartPlan, ended: Promise<string>): Promise<void> {
  const stop = new AbortController();
  const death = deathOf(ended);
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
  { modes, agentapiVersion }: StartPlan,
  outputFrom: number,
): Promise<unknown> {
  const { config, paths } = context;
  // A connection that breaks is how a dying server looks from outside: its exit says more.
  const cause = error instanceof AgentApiError ? await endingWithin(server.ended, 2_000, error) : error;
  // Before AgentAPI's last words, which in a stream are those of a crash.
  const output = readEvidence(paths.startLog, outputFrom);
  // If the supervisor was ended, AgentAPI and its agent are nobody's children any more.
  await endAll([server.identity, ...findLeftServers(paths.moduleDir)]);
  removeServerRecord(paths.running);
  if (cause instanceof AgentApiError) {
    return new ModuleError(
      `AgentAPI was started but cannot be talked to: ${reasonOf(cause)}.`,
      "Start again; if it stays so, set agentapi_version to another release.",
      { cause },
    );
  }
  if (!(cause instanceof NotReady)) return cause;
  const old = tooOldAgentApi(output, agentapiVersion);
  if (old) return new StartError("arguments", `The agent did not start: ${old.what}.`, old.fix);
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

/** Only tests have a reason to believe an agent sooner, or to give up on its input box. */
function timesFrom(env: NodeJS.ProcessEnv): Pick<TerminalOptions, "minLifeMs" | "times"> {
  const minLifeMs = milliseconds(env["AMP_MODULE_MIN_LIFE_MS"]);
  const inputMs = milliseconds(env["AMP_MODULE_INPUT_MS"]);
  return {
    ...(minLifeMs !== undefined && { minLifeMs }),
    ...(inputMs !== undefined && { times: { inputMs, restMs: inputMs / 2 } }),
  };
}

function milliseconds(text: string | undefined): number | undefined {
  const value = Number(text || "none");
  return Number.isFinite(value) ? value : undefined;
}
