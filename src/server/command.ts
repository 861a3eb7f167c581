import { delimiter, dirname } from "node:path";
import { screenArguments } from "../amp/arguments.ts";
import { ampCommand } from "../amp/find.ts";
import { visibilityOf } from "../amp/options.ts";
import type { AmpProbe } from "../amp/probe.ts";
import { type Config, hasPlugin } from "../config.ts";
import type { Paths } from "../paths.ts";
import { statusEnvironment } from "../status/environment.ts";
import { allowedNames } from "./hosts.ts";
import { RUNNER_FLAG } from "./process.ts";

/** A program with its arguments, as given to the system: no shell in between. */
export interface Command {
  file: string;
  args: string[];
}

/** Columns and rows of the terminal that AgentAPI emulates: narrow for its chat view, high enough to hold a long answer. */
const TERMINAL = { width: 67, height: 1190 };

/** The variables behind the options of Amp's command line. */
const VARIABLES = {
  thread: "thread_id",
  mode: "mode",
  labels: "thread_labels",
  visibility: "thread_visibility",
};

/**
 * The command line of Amp.
 *
 * @param thread the thread to continue, or undefined for one that Amp opens
 * @returns the command, and the variables that this Amp cannot follow
 */
export function agentCommand(
  config: Config,
  probe: AmpProbe,
  thread?: string,
): { command: Command; unsupported: string[] } {
  const { file, args: before } = ampCommand(probe.path);
  // A thread that the module opened has its visibility already.
  const visibility = thread === undefined ? visibilityOf(config.thread_visibility) : undefined;
  const { args, unsupported } = screenArguments(probe, {
    thread,
    mode: config.mode,
    labels: config.thread_labels,
    ...(visibility && { visibility }),
  });
  return {
    command: { file, args: [...before, ...args] },
    unsupported: unsupported.map((option) => VARIABLES[option]),
  };
}

/** The command line of AgentAPI around the agent. What older releases do not know goes through the environment. */
export function serverCommand(config: Config, agentapi: string, agent: Command): Command {
  return {
    file: agentapi,
    args: [
      "server",
      "--type",
      "amp",
      "--port",
      String(config.agentapi_port),
      "--term-width",
      String(TERMINAL.width),
      "--term-height",
      String(TERMINAL.height),
      ...(config.transport === "stream" ? ["--experimental-acp"] : []),
      "--",
      agent.file,
      ...agent.args,
    ],
  };
}

/** The command line of an Amp that is a runner. */
export function runnerCommand(amp: string): Command {
  const { file, args } = ampCommand(amp);
  return { file, args: [...args, RUNNER_FLAG] };
}

/** The environment of AgentAPI and Amp: the workspace's own, without leftovers that would change what we start. */
export function serverEnvironment(
  config: Config,
  paths: Paths,
  env: NodeJS.ProcessEnv,
  amp: string,
): NodeJS.ProcessEnv {
  // The supervisor's times, which tests set, and the runtime of the commands that it calls.
  const isLeftover = (name: string) => /^(AGENTAPI|AMP_MODULE)_(?!RESTART_|RUNTIME$)/.test(name);
  // By this mark a program knows that a tool of Amp's has started it, as this start may have been.
  const isMark = (name: string, value?: string) => name === "AGENT" && value === "amp";
  const inherited = Object.entries(env).filter(([name, value]) => !isLeftover(name) && !isMark(name, value));
  return {
    // Amp draws with box characters and colours; the agent's scripts have neither a locale nor a terminal.
    LANG: "C.UTF-8",
    // The screen must come to rest for AgentAPI, even if base_amp_config does not say so.
    NO_ANIMATION: "1",
    ...Object.fromEntries(inherited),
    TERM: env["TERM"] && env["TERM"] !== "dumb" ? env["TERM"] : "xterm-256color",
    PATH: [dirname(amp), paths.bin, env["PATH"] ?? ""].filter(Boolean).join(delimiter),
    ...(config.transport === "runner" ? {} : forAgentApi(config, env)),
    // By this the module knows its own AgentAPI again, whatever became of the process that started it.
    AMP_MODULE_INSTANCE: paths.moduleDir,
    ...ampStatus(config),
  };
}

function forAgentApi(config: Config, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { hosts, origins } = allowedNames(config, env);
  return {
    AGENTAPI_ALLOWED_HOSTS: hosts.join(" "),
    AGENTAPI_ALLOWED_ORIGINS: origins.join(" "),
    ...(config.subdomain ? {} : { AGENTAPI_CHAT_BASE_PATH: chatPath(config, env) }),
  };
}

/** By this Amp, or the agent in front of it, knows that it is to report its status. */
export function ampStatus(config: Config): Record<string, string> {
  if (config.status_reports !== "plugin") return {};
  // Only where there is an AgentAPI to press the keys of Amp's dialog.
  const approvalTimeoutS = config.enable_agentapi ? config.approval_timeout : 0;
  const plugin = hasPlugin(config) ? { approvalTimeoutS } : undefined;
  return statusEnvironment(config.app_slug, config.status_app, plugin);
}

/** Where Coder serves the app without a subdomain; only inside the workspace are all three names known. */
function chatPath(config: Config, env: NodeJS.ProcessEnv): string {
  const owner = env["CODER_WORKSPACE_OWNER_NAME"] ?? "me";
  const workspace = env["CODER_WORKSPACE_NAME"] ?? "";
  const agent = env["CODER_WORKSPACE_AGENT_NAME"] || config.agent_id;
  return `/@${owner}/${workspace}.${agent}/apps/${config.app_slug}/chat`;
}
