import type { AmpErrorKind } from "./errors.ts";

/** What Amp's own words can say about a failure. */
export type AmpTrouble =
  | "login"
  | "credits"
  | "approval"
  | "unloadable"
  | "thread"
  | "key"
  | "network"
  | "server"
  | "portal"
  | "mode"
  | "served"
  | "no-runner"
  | "arguments"
  | "settings";

/**
 * What a real Amp prints when it wants a login: on stdout, before it waits for ever (seen with 0.0.1790142911: "No
 * API key found. Starting login flow..."; older releases: "Would you like to log in to Amp?").
 */
const LOGIN_PROMPT =
  /no api key found|starting login flow|log in to amp|paste your code here|\/auth\/cli-login\?/i;

/** A folder has one runner: Amp names the folder and the process that is it. */
export const ALREADY_SERVED = /already serving remote threads for (.+) \(pid (\d+)\)/;

/**
 * Amp's words for what went wrong, the surest first: its error output, its screens, the reason in a failed `result`.
 * Most of them stand in the binary of 0.0.1790142911; the rest was printed by older releases.
 */
export const AMP_WORDS: readonly { kind: AmpTrouble; pattern: RegExp }[] = [
  { kind: "login", pattern: LOGIN_PROMPT },
  {
    kind: "credits",
    pattern:
      /out[ _]of[ _]credits|insufficient[ _-]credits|credit balance is (too )?low|low credit balance|in available credits to start|no paid credits are available|reached your free usage limit|exceeded your usage (quota|limit) of|usage quota exceeded/i,
  },
  {
    kind: "approval",
    pattern:
      /requires? user approval|requires approval and cannot run|tried to run a command that isn.t allowlisted|wants to modify a guarded file|not allowed to run in execute mode/i,
  },
  // Of a runner.
  { kind: "served", pattern: ALREADY_SERVED },
  { kind: "no-runner", pattern: /--no-tui is not enabled/ },
  { kind: "unloadable", pattern: /✕ failed to load\b/i },
  {
    kind: "thread",
    pattern:
      /(no such|unknown|invalid) thread|thread\b.{0,250}\b(not found|does not exist|could not be found|no access|forbidden|archived and cannot be continued)/i,
  },
  {
    kind: "key",
    pattern:
      /invalid (or missing )?(api key|access token)|unauthori[sz]ed|api key (is|was) (invalid|rejected|revoked)|(access token|session) expired|credentials rejected: |\b(status|code|error|credentials|http\S*)\W{1,3}401\b|^\W*401\b/im,
  },
  { kind: "login", pattern: /not logged in|please log in/i },
  {
    kind: "network",
    pattern:
      /(couldn.t|unable to) connect to (the )?amp server|cannot reach amp|are you offline|network timeout\. |websocket connection failed|fetch failed|\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT)\b/i,
  },
  { kind: "server", pattern: /amp server returned an error|\b(status|HTTP\S*)\W{1,3}5\d\d\b/i },
  {
    kind: "mode",
    pattern:
      /(unknown|invalid|unrecognized|unsupported)\W+(agent )?mode|mode\b.{0,40}\b(not found|unknown|invalid|does not exist)/i,
  },
  {
    kind: "arguments",
    pattern: /(unknown|unrecognized) (option|argument|command|flag)|invalid flag "/i,
  },
  { kind: "settings", pattern: /invalid json in settings file/i },
  // Seen with 0.0.1790142911 when a page of HTML answers; Node says "Unexpected token '<'".
  { kind: "portal", pattern: /SyntaxError: Failed to parse JSON|unexpected token '?<|<!doctype html/i },
];

const ERROR_KINDS: Partial<Record<AmpTrouble, AmpErrorKind>> = {
  login: "auth_required",
  key: "auth_required",
  credits: "out_of_credits",
  approval: "approval_required",
  network: "cannot_connect",
  server: "cannot_connect",
  portal: "cannot_connect",
  arguments: "unsupported_version",
};

/** Whether Amp waits for somebody to log in. */
export function isLoginPrompt(text: string): boolean {
  return LOGIN_PROMPT.test(text);
}

/** The kind of failure that Amp's own words tell, or undefined. */
export function diagnose(output: string): AmpErrorKind | undefined {
  const told = AMP_WORDS.find(({ kind, pattern }) => ERROR_KINDS[kind] && pattern.test(output));
  return told && ERROR_KINDS[told.kind];
}

/** The line of `output` that says most: the first that begins with "Error", else the last one. At most 300 characters. */
export function essence(output: string): string {
  const lines = output.split("\n").flatMap((line) => line.trim() || []);
  const line = lines.find((each) => /^error\b/i.test(each)) ?? lines.at(-1) ?? "";
  return line.replace(/^(error:\s*)+/i, "").slice(0, 300);
}
