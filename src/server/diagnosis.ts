import { readSignals } from "../acp/signals.ts";
import { ALREADY_SERVED, AMP_WORDS, type AmpTrouble } from "../amp/diagnose.ts";
import { isListed } from "../amp/modes.ts";
import { isCertificateRefused } from "../base/certificates.ts";
import { ModuleError } from "../base/errors.ts";
import type { Config } from "../config.ts";
import { withoutReports } from "../status/client.ts";
import { serverName } from "./process.ts";

/** What is known of an agent that did not come up. */
export interface Evidence {
  /** What AgentAPI and the agent printed since the launch. */
  output: string;
  /** The agent's last screen as AgentAPI saw it, "" if it never got that far. */
  screen: string;
  /** How the process ended, such as `exit code 1`; undefined while it runs. */
  ending: string | undefined;
  /** Names of the modes that this Amp lists; a plugin may add others. */
  modes: readonly string[];
}

/** Which cause it was, for a caller that can do something about it. */
export type CauseKind = AmpTrouble | "silent" | "port" | "certificate" | "unknown";

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
  /** @param said what Amp and AgentAPI have printed */
  what: (config: Config, said: string) => string;
  fix: string;
}

const MODE_FIX =
  "Set mode to one that `amp --help` lists under --mode, or leave it empty for Amp's own default.";

const CAUSES: Record<Exclude<CauseKind, "unknown">, Cause> = {
  login: {
    what: () => "Amp has no API key (amp_api_key is not set) and waits for somebody to log in",
    fix: "Set amp_api_key (https://ampcode.com/settings), or run `amp login` in a terminal and then `amp-module start`.",
  },
  credits: {
    what: () => "the Amp account has no credits left",
    fix: "Add credits (https://ampcode.com/settings), or set amp_api_key to a key of another account.",
  },
  approval: {
    what: () => "Amp wants a person's consent for a tool call, and nobody can be asked",
    fix: "Allow the tool in amp.permissions of base_amp_config (`amp permissions test` shows which rule decides).",
  },
  unloadable: {
    what: () => "Amp could not load the thread that it was to continue",
    fix: "Start again, since this may pass; if it stays so, set continue = false, or thread_id to another thread.",
  },
  thread: {
    what: () => "Amp's server does not know the thread, or does not give access to it",
    fix: "Set thread_id to a thread of this account, or leave it empty.",
  },
  key: {
    what: () => "the Amp server does not accept the API key in amp_api_key",
    fix: "Set amp_api_key to a key that is still valid (https://ampcode.com/settings), and amp_url to the server it belongs to.",
  },
  network: {
    what: () => "Amp cannot connect to the Amp server",
    fix: "Check the workspace's network and proxy (HTTPS_PROXY), and amp_url if you have an Amp server of your own.",
  },
  server: {
    what: () => "the Amp server answers with an error of its own",
    fix: "Start again with `amp-module start`, since this may pass; if it stays so, check amp_url, and ask whoever runs that server.",
  },
  silent: {
    what: () => "the Amp server does not answer: it takes questions and says nothing",
    fix: "Check the proxy (HTTPS_PROXY) and the firewall between the workspace and the Amp server, and amp_url; then run `amp-module start`.",
  },
  portal: {
    what: () =>
      "something else answers in the Amp server's place, with a page instead of data, as a network's login page or a proxy does",
    fix: "Open the address of the Amp server (amp_url, else https://ampcode.com) from this network: log in if it asks for that, or correct HTTPS_PROXY or amp_url.",
  },
  certificate: {
    what: () => "the certificate of the Amp server is not trusted here",
    fix: "Set NODE_EXTRA_CA_CERTS in the agent's environment to a PEM file with your network's own CA.",
  },
  port: {
    what: (config) => `port ${config.agentapi_port} is taken by another program`,
    fix: "Set agentapi_port to a free port, a different one for each module instance.",
  },
  mode: {
    what: (config) => `Amp does not know the mode "${config.mode}"`,
    fix: MODE_FIX,
  },
  served: {
    what: (_, said) => {
      const [, folder, pid] = said.match(ALREADY_SERVED) ?? [];
      return `another Amp (pid ${pid}) is the runner of ${folder}, and a folder has only one`;
    },
    fix: "End that process, or set workdir to another folder; then run `amp-module start`.",
  },
  "no-runner": {
    what: () => "this Amp account may have no runner",
    fix: 'Have runners enabled for the account, or leave transport = "runner" out.',
  },
  arguments: {
    what: () => "this Amp or AgentAPI version does not know one of its arguments",
    fix: "Set amp_version and agentapi_version to newer releases, or leave them at their defaults.",
  },
  settings: {
    what: () => "Amp cannot read one of its settings files",
    fix: "Correct the settings file that Amp names.",
  },
};

/** AgentAPI's own word, so it is sure; all others are Amp's. */
const PORT_TAKEN = /listen tcp\b.*address already in use/i;

/** What a failed turn of the stream agent comes from, if its reason does not say more. */
const FAILED_TURNS: Record<string, keyof typeof CAUSES> = {
  auth_required: "login",
  cannot_connect: "network",
  out_of_credits: "credits",
  approval_required: "approval",
  unsupported_version: "arguments",
};

/** The likely cause by what Amp and AgentAPI printed. */
function causeIn(text: string): keyof typeof CAUSES | undefined {
  if (PORT_TAKEN.test(text)) return "port";
  if (isCertificateRefused(text)) return "certificate";
  const told = AMP_WORDS.find(({ pattern }) => pattern.test(text))?.kind;
  return told ?? FAILED_TURNS[readSignals(text).failedTurns.at(-1)?.kind ?? ""];
}

/**
 * Turns what is left of a failed start into an error for the person who reads it: the cause if it can be told, the
 * agent's last screen, and what to do.
 */
export function diagnose(found: Evidence, config: Config): StartError {
  const evidence = { ...found, output: withoutReports(found.output) };
  const terminal = evidence.screen || screenInOutput(evidence.output);
  const screen = cleanScreen(terminal);
  const said = [unwrapped(terminal), screen, evidence.output].join("\n");
  const kind = causeIn(said);
  const cause = kind ? { kind, ...CAUSES[kind] } : suspectMode(evidence, config);
  const ending = evidence.ending === undefined ? "" : ` ${serverName(config)} ended with ${evidence.ending}.`;
  const turn = readSignals(evidence.output).failedTurns.at(-1);
  const isSilent = evidence.ending === undefined && screen === "";
  const silent = "the agent has drawn nothing, as Amp does while its server does not answer";
  const unknown = turn ? "its first turn failed" : isSilent ? silent : "the agent ended before it was ready";
  const what = cause?.what(config, said) ?? unknown;
  const shown = screen
    ? `The agent's last screen:\n${indent(screen)}`
    : turn
      ? `The agent's words:\n${indent(turn.reason)}`
      : `The last output:\n${indent(lastLines(evidence.output))}`;
  // Who reads the last lines only is to see it, too.
  const again = shown.split("\n").length > 3 ? `\nThe cause: ${what}.` : "";
  return new StartError(
    cause?.kind ?? "unknown",
    `The agent did not start: ${what}.${ending} ${shown}${again}`,
    cause?.fix ??
      (isSilent && !turn ? CAUSES.silent.fix : undefined) ??
      "Read agentapi-start.log in the module directory, and run `amp` in a terminal to see the same error.",
    what,
  );
}

/** For an agent that is up and cannot work, since its server says nothing. */
export function silentServer(config: Config): StartError {
  const what = CAUSES.silent.what(config, "");
  const how = "Amp was given its prompt and shows nothing of it";
  return new StartError("silent", `The agent did not start: ${what}. ${how}.`, CAUSES.silent.fix, what);
}

/** An agent that ends at once can take its last words along: AgentAPI does not always get to read them. */
function suspectMode({ modes }: Evidence, { mode }: Config): (Cause & { kind: CauseKind }) | undefined {
  if (mode === "" || modes.length === 0 || isListed(mode, modes)) return undefined;
  const what = () =>
    `it ended before it was ready, perhaps because of the mode "${mode}", which this Amp does not list (${modes.join(", ")})`;
  return { kind: "mode", what, fix: MODE_FIX };
}

/** A screen as a log shows it: without empty lines, indented, and not too much of it. */
export function shownScreen(screen: string): string {
  return indent(cleanScreen(screen, 30));
}

/** AgentAPI prints the last screen of a failed agent between two lines of equal signs. */
function screenInOutput(output: string): string {
  return output.match(/={8}\n([\s\S]*?)\n\s*={8}/)?.[1] ?? "";
}

function cleanScreen(screen: string, most?: number): string {
  const lines = screen
    // AgentAPI types a space and a backspace into Amp's terminal; the echo of it is noise.
    .replaceAll("^H", "")
    .replace(/[\b\r]/g, "")
    .split("\n")
    .map((line) => line.trim());
  return lastLines(lines.filter(Boolean).join("\n"), most);
}

/** A terminal breaks a line in mid-word at its last column; Amp's words are looked for in the whole. */
function unwrapped(screen: string): string {
  return screen.replace(/(?<=[^\n]{60})\n[ \t]*(?=\S)/g, "");
}

function lastLines(text: string, most = 15): string {
  return text.trimEnd().split("\n").slice(-most).join("\n");
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}
