import { basename } from "node:path";
import { ampLogFile } from "../amp/log-file.ts";
import { ampSite, threadUrl } from "../amp/thread-id.ts";
import { MODULE_VERSION } from "../base/module-version.ts";
import { describeRuntime } from "../base/runtime.ts";
import type { Context } from "../context.ts";
import { readDelivery } from "../conversation/delivery-record.ts";
import { readKeptThread } from "../conversation/thread.ts";
import type { Paths } from "../paths.ts";
import { serverName } from "../server/process.ts";
import { lastError } from "./last-error.ts";
import { type KnownProgram, knownAgentapi, knownAmp } from "./programs-glance.ts";
import { glanceAtServer, type ServerGlance, type ServerState } from "./server-glance.ts";

/** The newest error of the logs of the last install, start and stop. */
export interface ToldError {
  /** ISO time. */
  time: string;
  /** Name of the log's file. */
  log: string;
  text: string;
  fix: string | null;
}

/** How things are, as `amp-module status --json` prints it. */
export interface Status {
  isHealthy: boolean;
  /** `not-set-up`: there is no configuration to start with, and nothing else is known. */
  state: ServerState | "not-set-up";
  /** In words, one line. */
  summary: string;
  /** What a person can do about it, null if there is nothing to do. */
  fix: string | null;
  module: { version: string; folder: string; runtime: string };
  amp: KnownProgram | null;
  agentapi: KnownProgram | null;
  thread: { id: string; url: string } | null;
  server: (Omit<ServerGlance, "state" | "culprit"> & { port: number | null; transport: string }) | null;
  /** Of the last prompt that Amp was given by the module: `sending` until it was seen to have arrived. */
  delivery: { state: "sending" | "delivered"; how: string | null } | null;
  lastError: ToldError | null;
  apps: { slug: string; what: string }[];
  logs: string[];
}

const HEALTHY: readonly string[] = ["ready", "working", "asking", "serving", "none-wanted"];
const START = "Run `amp-module start`.";
const RESTART = "Run `amp-module stop`, then `amp-module start`.";

/** Looks at everything without starting a program or waiting for one. */
export async function gatherStatus(context: Context): Promise<Status> {
  const { config, paths, env } = context;
  const { state, culprit, ...server } = await glanceAtServer(context);
  const amp = knownAmp(context);
  const error = toldError(paths);
  const id = readKeptThread(paths);
  const delivery = readDelivery(paths.delivery);
  const isHealthy = HEALTHY.includes(state) && amp !== null;
  return {
    isHealthy,
    state,
    ...(amp === null && HEALTHY.includes(state)
      ? { summary: "Amp is not installed.", fix: "Run `amp-module install`." }
      : inWords(state, culprit, server.activity, context, error)),
    module: { version: MODULE_VERSION, folder: paths.moduleDir, runtime: describeRuntime() },
    amp,
    agentapi: config.enable_agentapi ? knownAgentapi(context) : null,
    thread: id === undefined ? null : { id, url: threadUrl(id, env) },
    server:
      config.enable_agentapi || config.transport === "runner"
        ? {
            ...server,
            port: config.enable_agentapi ? config.agentapi_port : null,
            transport: config.transport,
          }
        : null,
    delivery:
      delivery && delivery !== "unreadable" ? { state: delivery.state, how: delivery.how ?? null } : null,
    lastError: error,
    apps: apps(context),
    logs: [
      paths.installLog,
      paths.startLog,
      paths.stopLog,
      ampLogFile(env, paths.home, config.transport === "runner"),
    ],
  };
}

/** If there is nothing to look at, or nothing that may be looked at. */
export function statusWithout(
  paths: { moduleDir: string } | undefined,
  summary: string,
  fix: string,
): Status {
  return {
    ...{ isHealthy: false, state: "not-set-up", summary, fix },
    module: { version: MODULE_VERSION, folder: paths?.moduleDir ?? "", runtime: describeRuntime() },
    ...{ amp: null, agentapi: null, thread: null, server: null, delivery: null, lastError: null },
    ...{ apps: [], logs: [] },
  };
}

function toldError(paths: Paths): ToldError | null {
  const error = lastError(paths);
  if (!error) return null;
  return { time: error.at, log: basename(error.log), text: error.cause, fix: error.fix };
}

function apps({ config }: Context): Status["apps"] {
  const slug = config.app_slug;
  const screens = {
    terminal: "Amp's own screen, in a terminal",
    stream: "the chat in a terminal",
    runner: "what the runner logs, in a terminal",
  };
  const isSession = !config.enable_agentapi && config.transport !== "runner";
  const terminal = isSession ? "Amp itself, in a terminal" : screens[config.transport];
  // A Task always has its chat.
  const hasChat = config.enable_agentapi && (config.web_app || config.task_id !== "");
  return [
    ...(hasChat ? [{ slug, what: `the chat, port ${config.agentapi_port}` }] : []),
    ...(config.cli_app ? [{ slug: `${slug}-cli`, what: terminal }] : []),
  ];
}

/** One line about the state, and what to do. */
function inWords(
  state: ServerState,
  culprit: string | null,
  activity: string | null,
  { config, env }: Context,
  error: ToldError | null,
): Pick<Status, "summary" | "fix"> {
  const name = serverName(config);
  const because = error ? `: ${error.text}` : ".";
  switch (state) {
    case "ready":
      return { summary: "Amp is ready and waits for a message.", fix: null };
    case "working":
      return { summary: `Amp is at work${activity ? ` (${activity})` : ""}.`, fix: null };
    case "asking":
      return {
        summary: "Amp shows a question on its screen, and waits for a person.",
        fix: "Open the terminal app, or run `amp-module attach`, and answer it.",
      };
    case "serving":
      return activity
        ? {
            summary: `Amp runs as a runner, ${activity}.`,
            fix: "It keeps trying; let websockets to Amp's server pass, and see `amp-module logs start`.",
          }
        : { summary: `Amp is a runner: begin threads on ${ampSite(env)}.`, fix: null };
    case "none-wanted":
      return { summary: "Amp is installed; the terminal app runs it.", fix: null };
    case "starting":
      return {
        summary: `An install or a start is at work (${culprit}).`,
        fix: "Follow it: `amp-module logs -f`.",
      };
    case "restarting":
      return {
        summary: `${name} has ended; its supervisor starts it again.`,
        fix: "See why: `amp-module logs start`.",
      };
    case "hung":
      return { summary: `${name} hangs: it runs, but answers nothing.`, fix: RESTART };
    case "astray":
      return {
        summary: `AgentAPI or Amp runs without its supervisor or its record (${culprit}).`,
        fix: "Run `amp-module start`: it ends them and starts anew.",
      };
    case "ended":
      return { summary: `${name} has ended and is not started again${because}`, fix: error?.fix ?? START };
    case "port-taken":
      return {
        summary: `Port ${config.agentapi_port} is taken by ${culprit ?? "something that is not AgentAPI"}.`,
        fix: "Set agentapi_port to a free port, or end that process; then run `amp-module start`.",
      };
    case "stopped":
      // A stop is no failure; a start that failed is.
      return error && error.log !== "stop.log"
        ? { summary: `${name} does not run${because}`, fix: error.fix ?? START }
        : { summary: `${name} does not run: it was stopped, or never started.`, fix: START };
  }
}
