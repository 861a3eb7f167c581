import { fstatSync, realpathSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isLoginPrompt } from "../amp/diagnose.ts";
import type { AmpProbe } from "../amp/probe.ts";
import { readRunner, runnerFolders } from "../amp/runner.ts";
import { ampSite } from "../amp/thread-id.ts";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { ModuleError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { isRunning } from "../base/process-identity.ts";
import { quote } from "../base/shell.ts";
import type { Context } from "../context.ts";
import { expandHome } from "../paths.ts";
import { refuseUntrusted } from "../project-trust.ts";
import { insideBoundary } from "../server/boundary.ts";
import { type Command, runnerCommand, serverEnvironment } from "../server/command.ts";
import { diagnose } from "../server/diagnosis.ts";
import { endAll, familyOf } from "../server/end.ts";
import { readEvidence } from "../server/evidence.ts";
import { isStopped } from "../server/health.ts";
import { launchServer } from "../server/launch.ts";
import { findLeftServers } from "../server/left-behind.ts";
import { whatRuns } from "../server/ours.ts";
import { isRunner, RUNNER_FLAG } from "../server/process.ts";
import {
  readRunningServer,
  removeServerRecord,
  type ServerRecord,
  writeServerRecord,
} from "../server/record.ts";
import { deathOf, NotReady } from "../server/watch.ts";
import { configurationDigest } from "./configuration.ts";
import { makeWorkdir } from "./plan.ts";

/** With an MCP server that never answers Amp begins after 16 s. */
const READY_MS = 60_000;
/** Its first words come with its beginning; whoever says something else is asked after. */
const WORDS_MS = 5_000;
const LOOK_EVERY_MS = 50;
/** Each look at the list is a start of Amp. */
const LIST_EVERY_MS = 500;
/** Amp's server knows it within a second. */
const REGISTERED_MS = 5_000;

interface RunnerPlan {
  command: Command;
  workdir: string;
  configuration: string;
}

/**
 * Sees to it that Amp runs as a runner (`transport = "runner"`): no AgentAPI, no prompt, no thread of the module's. One
 * that runs with the same configuration is left alone.
 *
 * @param openLog opens `agentapi-start.log`: a new one only if something is started
 * @throws ModuleError with the likely cause if it does not come up; nothing is left running then
 */
export async function startRunner(
  context: Context,
  amp: AmpProbe,
  openLog: (options: { rotate: boolean }) => Log,
): Promise<void> {
  const running = readRunningServer(context.paths.running);
  let log: Log | undefined;
  try {
    const plan = makePlan(context, amp);
    const isKept = running?.isReady && running.configuration === plan.configuration && isAtWork(running);
    log = openLog({ rotate: !isKept });
    if (isKept) log.tell(`Amp's runner (pid ${running.pid}) runs with this configuration: it is left alone.`);
    else await launch(context, amp, plan, log);
  } catch (error) {
    log ??= openLog({ rotate: !running });
    log.failure(error);
    throw error;
  } finally {
    log?.close();
  }
}

function makePlan({ config, paths, env }: Context, amp: AmpProbe): RunnerPlan {
  if (!amp.flags.includes(RUNNER_FLAG)) {
    throw new ModuleError(
      `transport is "runner", but Amp ${amp.version} cannot be one: it has no ${RUNNER_FLAG}.`,
      "Set amp_version to a newer release, or leave it empty for the newest one.",
    );
  }
  const workdir = makeWorkdir(expandHome(config.workdir, paths.home));
  refuseUntrusted(config, paths, workdir);
  const command = runnerCommand(amp.path);
  return { command, workdir, configuration: configurationDigest(config, command, [amp.version], env) };
}

function isAtWork(running: ServerRecord): boolean {
  return familyOf([running]).some(({ pid }) => isRunner(pid) && !isStopped(pid));
}

async function launch(context: Context, amp: AmpProbe, plan: RunnerPlan, log: Log): Promise<void> {
  const { config, paths, env } = context;
  // Also one that has lost its supervisor: it would keep the folder.
  const { running, astray } = whatRuns(paths);
  const earlier = [...(running ? [running] : []), ...astray];
  if (earlier.length > 0) {
    log.info(
      `Ending what an earlier start has left running (pid ${earlier.map(({ pid }) => pid).join(", ")}).`,
    );
    await endAll(earlier);
  }
  removeServerRecord(paths.running);
  rmSync(paths.ready, { force: true });
  const { command, env: added } = config.enable_boundary
    ? await insideBoundary(context, plan.command)
    : { command: plan.command, env: {} };
  log.info(`Command: ${[command.file, ...command.args].map(quote).join(" ")}`);
  log.info(`Working directory: ${plan.workdir}`);
  const started = performance.now();
  const outputFrom = fstatSync(log.file).size;
  const { identity, ended } = await launchServer({
    command,
    env: { ...serverEnvironment(config, paths, env, amp.path), ...added },
    cwd: plan.workdir,
    stdin: "/dev/null",
    output: log.file,
    supervisor: { script: paths.supervisor, state: paths.state, savesState: false },
  });
  const { configuration } = plan;
  const record: ServerRecord = { ...identity, port: config.agentapi_port, configuration, isReady: false };
  const output = () => readEvidence(paths.startLog, outputFrom);
  try {
    writeServerRecord(paths.running, record);
    const death = deathOf(ended);
    const during: During = (work) => Promise.race([work, death]);
    await begins(during, output);
    await isListed(during, () => runnerFolders(amp.path, env), plan.workdir);
    writeFileAtomic(paths.ready, "");
    writeServerRecord(paths.running, { ...record, isReady: true });
    log.tell(`The runner is ready after ${((performance.now() - started) / 1000).toFixed(1)} s.`);
    await isKnown(during, output, ampSite(env), log);
  } catch (error) {
    const said = output();
    await endAll([...(isRunning(identity) ? [identity] : []), ...findLeftServers(paths.moduleDir)]);
    removeServerRecord(paths.running);
    if (!(error instanceof NotReady)) throw error;
    throw diagnose({ output: said, screen: "", ending: error.ending, modes: [] }, config);
  }
}

/** What a work comes to, unless the runner ends before. */
type During = <Result>(work: Promise<Result>) => Promise<Result>;

async function begins(during: During, output: () => string): Promise<void> {
  for (const end = performance.now() + WORDS_MS; performance.now() < end; ) {
    const said = output();
    if (isLoginPrompt(said)) throw new NotReady("", undefined);
    if (readRunner(said).hasBegun) return;
    await during(sleep(LOOK_EVERY_MS));
  }
}

async function isListed(
  during: During,
  folders: () => Promise<string[] | undefined>,
  workdir: string,
): Promise<void> {
  const folder = realpathSync(workdir);
  for (const end = performance.now() + READY_MS; performance.now() < end; ) {
    if ((await during(folders()))?.includes(folder)) return;
    await during(sleep(LIST_EVERY_MS));
  }
  throw new NotReady("", undefined);
}

/** Without a way for websockets a runner runs, and nobody gives it a thread. */
async function isKnown(during: During, output: () => string, site: string, log: Log): Promise<void> {
  for (const end = performance.now() + REGISTERED_MS; performance.now() < end; ) {
    if (readRunner(output()).isRegistered) {
      log.tell(`Amp's site knows it: begin threads on ${site}.`);
      return;
    }
    await during(sleep(LOOK_EVERY_MS));
  }
  log.warn(
    `Amp's server has not confirmed the runner yet, so ${site} may not show it; it keeps trying. If it stays so, let ` +
      "websockets to that server through the proxy and the firewall.",
  );
}
