import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runAsAgent } from "../run-script.ts";
import type { Workspace } from "../workspace.ts";
import { answered } from "./answered.ts";

export interface ScriptCost {
  /** From the script's beginning to AgentAPI's first answer, in milliseconds. */
  first: number;
  /** To the script's end. */
  total: number;
  /** User and system time of all that the script waited for. */
  cpu: number;
}

/** After the script the shell says what its children have cost. */
const COUNTING = '"$@"; status=$?; times >"$BENCH_TIMES"; exit $status';

/**
 * Runs a script as the agent does.
 *
 * @throws an Error if it fails
 */
export async function timedScript(ws: Workspace, script: string): Promise<ScriptCost> {
  const times = join(ws.root, "times");
  const begin = performance.now();
  const running = runAsAgent(["bash", "-c", COUNTING, "-", "bash", "-c", script], {
    cwd: ws.home,
    env: { ...ws.env, BENCH_TIMES: times },
  });
  const [first, result] = await Promise.all([
    answered(ws.port).then(() => performance.now() - begin),
    running.then((ended) => ({ ...ended, total: performance.now() - begin })),
  ]);
  if (result.exitCode !== 0) throw new Error(`a script failed:\n${result.stdout}${result.stderr}`);
  const [, user = "", system = ""] = readFileSync(times, "utf8").match(/\n(\S+) (\S+)\n$/) ?? [];
  rmSync(times);
  return { first, total: result.total, cpu: milliseconds(user) + milliseconds(system) };
}

/** Of the shell's `0m0.123s`. */
function milliseconds(text: string): number {
  const [, minutes = 0, seconds = 0] = text.match(/^(\d+)m([\d.]+)s$/) ?? [];
  return Number(minutes) * 60_000 + Number(seconds) * 1000;
}
