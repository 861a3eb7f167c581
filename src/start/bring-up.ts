import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { AgentApiError } from "../agentapi/errors.ts";
import type { Context } from "../context.ts";
import { ModuleError, reasonOf } from "../errors.ts";
import { endServer } from "../server/end.ts";
import { removeServerRecord, writeServerRecord } from "../server/record.ts";
import { writeFileAtomic } from "../system/atomic-file.ts";
import type { Log } from "../system/log.ts";
import { promptDigest } from "./configuration.ts";
import { typePrompt } from "./deliver.ts";
import { diagnose } from "./diagnosis.ts";
import { type LaunchedServer, launchServer } from "./launch.ts";
import { awaitReadiness, NotReady, REST_MS, type Readiness, SETTLE_MS } from "./readiness.ts";
import type { StartPlan } from "./start.ts";

/**
 * Launches AgentAPI and sees the agent through its first seconds. Nothing is left running where it fails.
 *
 * @throws ModuleError with the likely cause
 */
export async function bringUp(context: Context, plan: StartPlan, log: Log): Promise<void> {
  const { config, paths } = context;
  const started = performance.now();
  const elapsed = () => `${Math.round(performance.now() - started)} ms`;
  const outputFrom = fstatSync(log.file).size;

  log.info(`Command: ${[plan.command.file, ...plan.command.args].map(quoted).join(" ")}`);
  log.info(`Working directory: ${plan.workdir}`);
  const server = await launchServer({
    command: plan.command,
    env: plan.env,
    cwd: plan.workdir,
    stdin: promptFile(paths.prompt, plan.prompt),
    output: log.file,
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
      prompt: plan.prompt,
      onAnswer: () => log.info(`AgentAPI answers on port ${config.agentapi_port} after ${elapsed()}.`),
    });
    if (readiness.state === "unrecognised") await typePrompt(plan.client, plan.prompt);
  } catch (error) {
    throw await failed(error, server, context, outputFrom);
  }
  writeServerRecord(paths.running, { ...record, isReady: true });
  if (readiness.state === "unrecognised") {
    log.warn(
      `AgentAPI does not recognise Amp's input box: the screen has rested for ${REST_MS / 1000} s and the prompt is still ` +
        "unsent. It was typed into the terminal instead, so it stands in no history. Amp's screen has changed; a newer " +
        "agentapi_version may know it.",
    );
  } else if (readiness.state === "settling") {
    log.warn(
      `The agent lives, but its screen did not come to rest within ${SETTLE_MS / 1000} s. ` +
        (plan.prompt === ""
          ? "The chat opens as soon as it does."
          : "AgentAPI sends the prompt as soon as it does."),
    );
  } else {
    log.info(
      plan.prompt === ""
        ? `Amp is ready after ${elapsed()}.`
        : `Amp has taken the prompt after ${elapsed()}.`,
    );
  }
}

async function failed(
  error: unknown,
  server: LaunchedServer,
  { config, paths }: Context,
  from: number,
): Promise<unknown> {
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
  return diagnose(
    { output: readFrom(paths.startLog, from), screen: error.observed.screen, ending: error.ending },
    config,
  );
}

/** AgentAPI reads the first prompt from stdin; `/dev/null` says that there is none. */
function promptFile(path: string, prompt: string): string {
  if (prompt === "") return "/dev/null";
  writeFileAtomic(path, prompt);
  return path;
}

const LONGEST_EVIDENCE = 64 * 1024;

/** What others wrote to the log: our own lines hold paths and numbers that look like causes. */
function readFrom(path: string, from: number): string {
  const file = openSync(path, "r");
  try {
    const size = Math.max(0, fstatSync(file).size - from);
    const length = Math.min(size, LONGEST_EVIDENCE);
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, from + size - length);
    return bytes.toString("utf8").replace(/^\S+Z (DEBUG|INFO |WARN |ERROR) .*\n/gm, "");
  } finally {
    closeSync(file);
  }
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
