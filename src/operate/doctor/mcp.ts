import { delimiter, dirname, isAbsolute } from "node:path";
import { ampCommand } from "../../amp/find.ts";
import { type McpHealth, parseDoctor } from "../../amp/mcp.ts";
import { findOnPath, isExecutable } from "../../base/executables.ts";
import { run } from "../../base/run.ts";
import { type Check, configured, type Examined, type Finding, note, ok, workdirOf, wrong } from "./check.ts";
import { seenAmps } from "./programs.ts";
import { settingsIn } from "./read.ts";

/** Amp starts every server and tries a failing one three times: it has no end of its own within doctor's. */
const ASK_MS = 3_600;
const SHORTEST_ASK_MS = 500;

type Servers = Record<string, { command?: unknown; url?: unknown }>;

const servers = configured("MCP servers", "Settings", async (subject): Promise<Finding | Finding[]> => {
  const named = serversOf(subject);
  const names = Object.keys(named);
  const started = performance.now();
  if (names.length === 0) return [];
  const amp = (await seenAmps(subject)).working[0];
  const PATH = [...(amp ? [dirname(amp.path)] : []), subject.paths.bin, subject.env["PATH"] ?? ""].join(
    delimiter,
  );
  const env: NodeJS.ProcessEnv = { ...subject.env, PATH };
  const missing = names.filter((name) => isMissing(named[name]?.command, env));
  const broken = missing.map((name) => noCommand(name, String(named[name]?.command)));
  // Coder's own needs no look: it would report to Coder as soon as it runs.
  const asked = names.filter((name) => name !== "coder" && !missing.includes(name));
  if (asked.length === 0) return broken.length > 0 ? broken : ok(`${names.join(", ")}: the command is there`);
  if (!amp || !env["AMP_API_KEY"])
    return [...broken, note(`${asked.join(", ")}: not asked, which takes Amp and its key`)];
  const answers = await askAmp(amp.path, env, workdirOf(subject), started + ASK_MS);
  return [
    ...broken,
    ...asked.map((name) =>
      describe(
        name,
        answers.find((answer) => answer.name === name),
      ),
    ),
  ];
});

/** What Amp has said by the time that is left: it writes every change on a line of its own. */
async function askAmp(
  path: string,
  env: NodeJS.ProcessEnv,
  cwd: string,
  deadline: number,
): Promise<McpHealth[]> {
  const { file, args } = ampCommand(path);
  const lines: string[] = [];
  const timeoutMs = Math.max(SHORTEST_ASK_MS, deadline - performance.now());
  const options = { env, cwd, timeoutMs, onLine: (line: string) => void lines.push(line) };
  await run(file, [...args, "mcp", "doctor"], options);
  // A server that is tried again has failed with the error before it.
  const isRetry = (line: string) => / (re)?connecting\b/.test(line);
  const told = parseDoctor(lines.filter((line) => !isRetry(line)).join("\n"));
  const others = parseDoctor(lines.join("\n")).filter(
    ({ name }) => !told.some((known) => known.name === name),
  );
  return [...told, ...others];
}

function describe(name: string, health: McpHealth | undefined): Finding {
  if (health?.status === "connected") return ok(`${name} is connected`);
  if (health?.status === "error") {
    return wrong(
      `${name} does not work: ${health.detail}`,
      `Correct \`mcp\` of the template, or amp.mcpServers.${name}.`,
    );
  }
  return note(
    `${name} did not answer within doctor's time`,
    "Run `amp mcp doctor`, which waits longer; a server that never answers holds up every thread.",
  );
}

function noCommand(name: string, command: string): Finding {
  const fix = `Install ${command}, or correct \`mcp\` of the template (amp.mcpServers.${name}).`;
  return wrong(`${name} cannot start: there is no command ${command}`, fix);
}

/** One with a variable in it is for Amp to expand. */
function isMissing(command: unknown, env: NodeJS.ProcessEnv): boolean {
  if (typeof command !== "string" || command === "" || command.includes("${")) return false;
  if (command.includes("/")) return isAbsolute(command) && !isExecutable(command);
  return findOnPath(command, env) === undefined;
}

function serversOf({ paths }: Examined): Servers {
  const value = settingsIn(paths.ampSettings)["amp.mcpServers"];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Servers) : {};
}

export const MCP_CHECKS: readonly Check[] = [servers];
