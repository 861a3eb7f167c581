import { join } from "node:path";
import { textIn } from "../../base/glance.ts";
import { type Check, type Finding, note, ok, type Subject, wrong } from "./check.ts";

const FIX = "Set amp_api_key to a key from https://ampcode.com/settings; it begins with sgamp_.";

/** How the keys of others begin; the surer ones first. Of a key nothing is ever shown. */
const OTHERS: readonly [RegExp, string][] = [
  [/^sk-ant-/, "Anthropic"],
  [/^sk-or-/, "OpenRouter"],
  [/^sk-/, "OpenAI"],
  [/^(gh[opsur]_|github_pat_)/, "GitHub"],
  [/^glpat-/, "GitLab"],
  [/^AIza/, "Google"],
  [/^xai-/, "xAI"],
  [/^gsk_/, "Groq"],
  [/^hf_/, "Hugging Face"],
  [/^xox[abp]-/, "Slack"],
  [/^(AKIA|ASIA)[A-Z0-9]{12,}$/, "Amazon Web Services"],
  [/^npm_/, "npm"],
  [/^sgp_|^sgs_/, "Sourcegraph"],
  [/^eyJ/, "some single sign-on (a JSON Web Token)"],
];

const PLACEHOLDER =
  /^(<.*>|\$\{?\w+\}?|x{3,}|\.{3,}|(your|my|the|an?)[-_ ].*|.*(change[-_ ]?me|placeholder|example|replace[-_ ]|todo|dummy|api[-_ ]?key[-_ ]?here).*|secret|null|none|undefined|test)$/i;

/** Why a text cannot be Amp's key, as the end of a sentence that begins with its name. */
export function keyProblem(key: string): string | undefined {
  if (key.trim() === "") return "is only white space";
  if (key !== key.trim()) return "has white space or a line end around it";
  const vendor = OTHERS.find(([pattern]) => pattern.test(key))?.[1];
  if (vendor) return `holds a key of ${vendor}, not of Amp`;
  if (PLACEHOLDER.test(key)) return "holds a placeholder, not a key";
  if (/[^\x21-\x7e]/.test(key)) return "holds characters that no key has";
  if (!key.startsWith("sgamp_")) return "does not begin with sgamp_, as Amp's keys do";
  return undefined;
}

export const KEY: Check = {
  name: "API key",
  group: "Connection",
  look(subject): Finding {
    const key = subject.env["AMP_API_KEY"];
    if (!key) {
      if (hasLogin(subject)) return ok("somebody has logged in; AMP_API_KEY is not set");
      const text = "AMP_API_KEY is not set, so Amp works only if somebody has logged in";
      return note(text, "Set amp_api_key, or run `amp login`.");
    }
    const problem = keyProblem(key);
    return problem === undefined ? ok("AMP_API_KEY is set") : wrong(`AMP_API_KEY ${problem}`, FIX);
  },
};

/** Amp keeps what a login gave it beside what else it remembers. */
function hasLogin({ paths }: Subject): boolean {
  return textIn(join(paths.ampSession, "..", "secrets.json")).includes('"apiKey@');
}
