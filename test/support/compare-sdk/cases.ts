/** One way to misbehave. */
export interface Case {
  fault: string;
  /** In the words of the table. */
  title: string;
  /** How long the library may take before it is said to hang. */
  limitMs: number;
}

/** What the user of a library saw, and what it left. */
export interface Outcome {
  hasEnded: boolean;
  /** Kinds of events, oldest first. */
  seen: string[];
  error: string | undefined;
  rssMb: number;
  /** Processes that still run. */
  left: number;
  /** What went to the user's own terminal. */
  printed: string;
  project: string;
  args: string[];
  files: { path: string; mode: string }[];
}

/** Stands in the configuration of an MCP server. */
const SECRET = "s3cret-of-an-mcp-server";

const LIMIT_MS = 20_000;

export const cases: readonly Case[] = [
  ["broken-line", "a line that is no JSON"],
  ["error-result", "a result that is an error"],
  ["exit-1-after-result", "exit code 1 after a good result"],
  ["no-result", "exit code 0 without a result"],
  ["login", "a login text instead of events"],
  ["stderr", "50 MB on stderr"],
  ["stays", "it stays after its result"],
  ["holder", "a child of it holds stdout open"],
  ["stubborn", "abort, and SIGTERM is ignored"],
  ["endless", "the consumer breaks off"],
  ["big-line", "a line of 70 MB"],
  ["secrets", "an MCP server with a secret, and a permission rule"],
].map(([fault = "", title = ""]) => ({ fault, title, limitMs: LIMIT_MS }));

/** A cell of the table: what was seen, nothing that is not in the outcome. */
export function describeOutcome({ fault, limitMs }: Case, outcome: Outcome): string {
  const { hasEnded, seen, error, left, rssMb } = outcome;
  const last = seen.length > 4 ? [...seen.slice(0, 2), `… ${seen.length} in all`] : seen;
  const facts = [
    last.length > 0 ? last.join(", ") : "no event",
    hasEnded
      ? error === undefined
        ? "ends without an error"
        : `throws ${quoted(error)}`
      : `**hangs**, ended after ${limitMs / 1000} s`,
    ...(hasEnded && left > 0 ? [`**leaves ${left} process${left === 1 ? "" : "es"} running**`] : []),
    ...(["stderr", "big-line"].includes(fault) && rssMb > 0 ? [`${rssMb} MB of memory`] : []),
    ...(fault === "secrets" ? secretFacts(outcome) : []),
  ];
  return facts.join("; ");
}

function secretFacts({ args, files, printed, project }: Outcome): string[] {
  return [
    args.some((arg) => arg.includes(SECRET))
      ? "**the secret stands in the argument list**"
      : "no secret in the argument list",
    ...files.map(
      ({ path, mode }) =>
        `a file of mode ${mode} in ${path.startsWith(project) ? "**the project's folder**" : "a private folder"}`,
    ),
    ...(printed.trim() === "" ? [] : ["**prints the settings to the user's terminal**"]),
  ];
}

function quoted(error: string): string {
  return `\`${error.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}
