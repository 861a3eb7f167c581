import { existsSync, rmSync } from "node:fs";
import type { AmpProbe } from "../amp/probe.ts";
import { ModuleError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Context } from "../context.ts";
import { DeliveryNote, readDelivery, whatIsLeft } from "../conversation/delivery-record.ts";
import { settleDoubt } from "../conversation/doubt.ts";
import { type Errand, NOT_SENT_AGAIN, report } from "../conversation/outcome.ts";
import { giveToRunning } from "../conversation/running.ts";
import { checkSavedState, setSavedStateAside } from "../conversation/saved-state.ts";
import {
  chooseThread,
  keepThread,
  readKeptThread,
  replaceThread,
  type Thread,
} from "../conversation/thread.ts";
import { StartError } from "../server/diagnosis.ts";
import { endAll, endServer } from "../server/end.ts";
import { serverHealth } from "../server/health.ts";
import { findLeftServers } from "../server/left-behind.ts";
import { describePortHolder, isPortTaken } from "../server/port-holder.ts";
import { readRunningServer, removeServerRecord, type ServerRecord } from "../server/record.ts";
import { letUnansweredContinue } from "../server/unanswered.ts";
import { bringUp } from "./bring-up.ts";
import { makePlan, type Programs, type StartPlan, withAgent } from "./plan.ts";

/**
 * Sees to it that AgentAPI runs with Amp under it. A healthy one with the same configuration is left alone; another
 * one of ours is ended first.
 *
 * @param openLog opens `agentapi-start.log`: a new one only if something is started
 * @throws ModuleError with the agent's last screen and the likely cause if it does not come up
 */
export async function start(
  context: Context,
  programs: Programs,
  openLog: (options: { rotate: boolean }) => Log,
): Promise<void> {
  const { paths } = context;
  const running = readRunningServer(paths.running);
  let plan: StartPlan;
  try {
    plan = makePlan(context, programs);
  } catch (error) {
    return fail(openLog({ rotate: !running }), error);
  }
  const obstacle = await whyNotKept(running, plan);
  const keepsConversation = obstacle === undefined;
  const log = openLog({ rotate: !keepsConversation });
  try {
    log.debug(`Decision: ${obstacle === undefined ? "leave it alone" : `launch, since ${obstacle}`}.`);
    if (running && keepsConversation) await keep(context, programs, running, plan, log);
    else await launch(context, programs, plan, running, log);
  } catch (error) {
    fail(log, error);
  } finally {
    log.close();
  }
}

/** What keeps a start from leaving everything as it is, or undefined. */
async function whyNotKept(
  running: ServerRecord | undefined,
  { client, configuration }: StartPlan,
): Promise<string | undefined> {
  if (!running) return "no AgentAPI of this module is on record and runs";
  if (!running.isReady) return "the start before did not see its agent come up";
  if (running.configuration !== configuration) return "the configuration has changed";
  // One that is busy gives no answers either; one that hangs never will.
  const health = await serverHealth(client, running);
  return health === "healthy" || health === "busy" ? undefined : `AgentAPI is ${health}`;
}

async function launch(
  context: Context,
  programs: Programs,
  plan: StartPlan,
  running: ServerRecord | undefined,
  log: Log,
): Promise<void> {
  const { paths } = context;
  await makeRoom(context, running, log);
  const thread = await chooseThread(context, programs.amp, log);
  try {
    await launchOn(thread);
  } catch (error) {
    const isRefused = error instanceof StartError && error.kind === "thread" && thread.id !== undefined;
    if (!isRefused) throw error;
    await launchOn(await replaceThread(context, programs.amp, thread.id ?? "", log));
  }

  async function launchOn({ id, isContinued }: Thread): Promise<void> {
    // The saved chat belongs to the thread that it was held on.
    if (!isContinued) setSavedStateAside(paths.savedState);
    else if (plan.savesState && checkSavedState(paths.savedState, context.now(), log))
      letUnansweredContinue(paths.savedState);
    const errand = await errandFor(context, programs.amp, plan.prompt, { id, isContinued }, log);
    log.debug(
      `Prompt: ${plan.prompt.length} characters, ${plan.prompt === "" ? "nothing to send" : describe(errand)}.`,
    );
    await bringUp(context, await withAgent(plan, context, programs, id, log), errand, log);
  }
}

/** A conversation that continues has had its prompt; only another one is a message of its own. */
async function errandFor(
  context: Context,
  amp: AmpProbe,
  prompt: string,
  { id, isContinued }: Thread,
  log: Log,
): Promise<Errand> {
  const { paths, config } = context;
  const isStream = config.transport === "stream";
  const left = whatIsLeft(isContinued ? readDelivery(paths.delivery) : undefined, prompt, id);
  if (left === "nothing" && prompt !== "") log.tell(NOT_SENT_AGAIN);
  const errand = {
    prompt: left === "nothing" ? "" : prompt,
    isDoubtful: left === "doubtful",
    note: new DeliveryNote(
      paths.delivery,
      prompt,
      () => id ?? (isStream ? readKeptThread(paths) : undefined),
    ),
  };
  // In the terminal the screen will tell.
  return errand.isDoubtful && isStream ? await settleDoubt(context, amp, id, errand, log) : errand;
}

function describe({ prompt, isDoubtful }: Errand): string {
  if (prompt === "") return "not to be sent on this thread again";
  return isDoubtful ? "sent before without proof that it arrived" : "to be sent";
}

/** Ends what this module started earlier, and refuses a port that somebody else holds. */
async function makeRoom(
  { config, paths }: Context,
  running: ServerRecord | undefined,
  log: Log,
): Promise<void> {
  if (running) {
    log.info(
      `AgentAPI (pid ${running.pid}) runs with an earlier configuration, never came up or hangs: it is ended.`,
    );
    await endServer(running);
  }
  // A clean end takes its record along: one that is still there, or a port in use, is reason for a closer look.
  const isUnclean = !running && existsSync(paths.running);
  const isTaken = () => isPortTaken(config.agentapi_port);
  if (isUnclean || (await isTaken())) {
    const left = findLeftServers(paths.moduleDir);
    if (left.length > 0) {
      const pids = left.map(({ pid }) => pid).join(", ");
      log.info(`AgentAPI or Amp of an earlier start has lost its supervisor: it is ended (pid ${pids}).`);
      await endAll(left);
    }
  }
  removeServerRecord(paths.running);
  rmSync(paths.ready, { force: true });
  if (await isTaken()) {
    throw new ModuleError(
      `Port ${config.agentapi_port} is taken by ${describePortHolder(config.agentapi_port)}.`,
      "Set agentapi_port to a free port (a different one for each module instance), or end that process.",
    );
  }
}

/** Leaves a healthy AgentAPI alone, and gives its agent a prompt that it has not had yet. */
async function keep(
  context: Context,
  { amp }: Programs,
  running: ServerRecord,
  plan: StartPlan,
  log: Log,
): Promise<void> {
  const { config, paths } = context;
  log.tell(`AgentAPI (pid ${running.pid}) runs with this configuration and answers: it is left alone.`);
  const thread = keepThread(paths, log);
  const errand = await errandFor(context, amp, plan.prompt, thread, log);
  if (errand.prompt === "") return;
  log.info(`The prompt has not been delivered yet: sending it (${plan.prompt.length} characters).`);
  const started = performance.now();
  const outcome = await giveToRunning(context, plan.client, errand, log);
  report(outcome, errand, config, Math.round(performance.now() - started), log);
}

function fail(log: Log, error: unknown): never {
  log.failure(error);
  throw error;
}
