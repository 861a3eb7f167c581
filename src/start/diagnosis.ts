import type { Config } from "../config.ts";
import { ModuleError } from "../errors.ts";

/** What is known of an agent that did not come up. */
export interface Evidence {
  /** What AgentAPI and the agent printed since the launch. */
  output: string;
  /** The agent's last screen as AgentAPI saw it, "" where it never got that far. */
  screen: string;
  /** How the process ended, such as `exit code 1`; undefined while it runs. */
  ending: string | undefined;
  /** Names of the modes that this Amp lists; a plugin may add others. */
  modes: readonly string[];
}

/** Which cause it was, for a caller that can do something about it. */
export type CauseKind =
  | "login"
  | "key"
  | "thread"
  | "network"
  | "port"
  | "mode"
  | "arguments"
  | "settings"
  | "unknown";

/** A start that failed for a cause that was looked for. */
export class StartError extends ModuleError {
  readonly kind: CauseKind;
  /** The cause alone, without the screen. */
  readonly summary: string;

  constructor(kind: CauseKind, what: string, fix: string, summary = what) {
    super(what, fix);
    this.kind = kind;
    this.summary = summary;
  }
}

interface Cause {
  kind: CauseKind;
  pattern: RegExp;
  what: (config: Config) => string;
  fix: string;
}

const MODE_FIX =
  "Set mode to one that `amp --help` lists under --mode, or leave it empty for Amp's own default.";

/** Likely causes by what Amp and AgentAPI print, the surest first. */
const CAUSES: Cause[] = [
  {
    kind: "login",
    pattern: /turn failed: auth_required|No API key found|log in to Amp|starting login flow/i,
    what: () => "Amp has no API key (amp_api_key is not set) and waits for somebody to log in",
    fix: "Set amp_api_key (https://ampcode.com/settings), or run `amp login` in a terminal and then `amp-module start`.",
  },
  {
    kind: "thread",
    pattern:
      /(no such|unknown|invalid) thread|thread\b.{0,80}\b(not found|does not exist|could not be found|no access|forbidden)/i,
    what: () => "Amp's server does not know the thread, or does not give access to it",
    fix: "Set thread_id to a thread of this account, or leave it empty.",
  },
  {
    kind: "key",
    pattern:
      /invalid (api key|access token)|unauthori[sz]ed|\b(status|code|http\S*)\W{1,3}401\b|api key (is|was) (invalid|rejected|revoked)/i,
    what: () => "the Amp server does not accept the API key in amp_api_key",
    fix: "Set amp_api_key to a key that is still valid (https://ampcode.com/settings), and amp_url to the server it belongs to.",
  },
  {
    kind: "network",
    pattern:
      /turn failed: cannot_connect|couldn.t connect to the amp server|cannot reach amp|are you offline|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN/i,
    what: () => "Amp cannot connect to the Amp server",
    fix: "Check the workspace's network and proxy (HTTPS_PROXY), and amp_url where you have an Amp server of your own.",
  },
  {
    kind: "port",
    pattern: /address already in use/i,
    what: (config) => `port ${config.agentapi_port} is taken by another program`,
    fix: "Set agentapi_port to a free port, a different one for each module instance.",
  },
  {
    kind: "mode",
    pattern:
      /(unknown|invalid|unrecognized|unsupported)\W+(agent )?mode|mode\b.{0,40}\b(not found|unknown|invalid|does not exist)/i,
    what: (config) => `Amp does not know the mode "${config.mode}"`,
    fix: MODE_FIX,
  },
  {
    kind: "arguments",
    pattern: /(unknown|unrecognized) (option|argument|command|flag)/i,
    what: () => "this Amp or AgentAPI version does not know one of its arguments",
    fix: "Set amp_version and agentapi_version to newer releases, or leave them at their defaults.",
  },
  {
    kind: "settings",
    pattern: /Invalid JSON in settings file/i,
    what: () => "Amp cannot read one of its settings files",
    fix: "Correct the settings file that Amp names.",
  },
];

/**
 * Turns what is left of a failed start into an error for the person who reads it: the cause where it can be told, the
 * agent's last screen, and what to do.
 */
export function diagnose(evidence: Evidence, config: Config): StartError {
  const screen = cleanScreen(evidence.screen || screenInOutput(evidence.output));
  const text = `${screen}\n${evidence.output}`;
  const cause = CAUSES.find(({ pattern }) => pattern.test(text)) ?? suspectMode(evidence, config);
  const ending = evidence.ending === undefined ? "" : ` AgentAPI ended with ${evidence.ending}.`;
  const what = cause ? cause.what(config) : "the agent ended before it was ready";
  const shown = screen
    ? `The agent's last screen:\n${indent(screen)}`
    : `The last output:\n${indent(lastLines(evidence.output))}`;
  return new StartError(
    cause?.kind ?? "unknown",
    `The agent did not start: ${what}.${ending} ${shown}`,
    cause?.fix ??
      "Read agentapi-start.log in the module directory, and run `amp` in a terminal to see the same error.",
    what,
  );
}

/** An agent that ends at once can take its last words along: AgentAPI does not always get to read them. */
function suspectMode({ modes }: Evidence, { mode }: Config): Omit<Cause, "pattern"> | undefined {
  if (mode === "" || modes.length === 0 || isListed(mode, modes)) return undefined;
  const what = () =>
    `it ended before it was ready, perhaps because of the mode "${mode}", which this Amp does not list (${modes.join(", ")})`;
  return { kind: "mode", what, fix: MODE_FIX };
}

/** Amp takes a mode's name in any case. */
export function isListed(mode: string, modes: readonly string[]): boolean {
  return modes.some((known) => known.toLowerCase() === mode.toLowerCase());
}

/** Whether the screen asks for a login, which nobody can answer in an unattended start. */
export function asksForLogin(screen: string): boolean {
  return CAUSES[0]?.pattern.test(screen) ?? false;
}

/** AgentAPI prints the last screen of a failed agent between two lines of equal signs. */
function screenInOutput(output: string): string {
  return output.match(/={8}\n([\s\S]*?)\n\s*={8}/)?.[1] ?? "";
}

function cleanScreen(screen: string): string {
  const lines = screen
    // AgentAPI types a space and a backspace into Amp's terminal; the echo of it is noise.
    .replaceAll("^H", "")
    .replace(/[\b\r]/g, "")
    .split("\n")
    .map((line) => line.trim());
  return lastLines(lines.filter(Boolean).join("\n"));
}

function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-15).join("\n");
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}
