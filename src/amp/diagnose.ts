import type { AmpErrorKind } from "./errors.ts";

/**
 * What a real Amp prints when it wants a login: on stdout, before it waits for ever (seen with 0.0.1790142911: "No
 * API key found. Starting login flow..."; older releases: "Would you like to log in to Amp?").
 */
const LOGIN =
  /no api key found|starting login flow|would you like to log in|paste your code here|\/auth\/cli-login\?/i;

const KINDS: readonly (readonly [RegExp, AmpErrorKind])[] = [
  [LOGIN, "auth_required"],
  [
    /couldn't connect to the amp server|cannot reach amp servers|\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT)\b|fetch failed/i,
    "cannot_connect",
  ],
  [
    /not logged in|please log in|log in to amp|invalid (api key|access token)|unauthori[sz]ed|\b401\b/i,
    "auth_required",
  ],
  [/unknown (option|command)|unrecognized (option|argument)/i, "unsupported_version"],
];

/** Whether Amp waits for somebody to log in. */
export function isLoginPrompt(text: string): boolean {
  return LOGIN.test(text);
}

/** The kind of failure that Amp's own words tell, or undefined. */
export function diagnose(output: string): AmpErrorKind | undefined {
  return KINDS.find(([pattern]) => pattern.test(output))?.[1];
}

/** The line of `output` that says most: the first that begins with "Error", else the last one. At most 300 characters. */
export function essence(output: string): string {
  const lines = output.split("\n").flatMap((line) => line.trim() || []);
  const line = lines.find((each) => /^error\b/i.test(each)) ?? lines.at(-1) ?? "";
  return line.replace(/^(error:\s*)+/i, "").slice(0, 300);
}
