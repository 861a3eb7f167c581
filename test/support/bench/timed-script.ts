import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runAsAgent } from "../run-script.ts";
import type { Workspace } from "../workspace.ts";
import { answered } from "./answered.ts";
import { cpuMeter } from "./cpu-meter.ts";
import { closeLater } from "./floor.ts";

export interface ScriptCost {
  /** From the script's beginning to AgentAPI's first answer, in milliseconds. */
  first: number;
  /** Processor time of everything until then, AgentAPI and Amp included; undefined if it cannot be counted here. */
  cpuToFirst: number | undefined;
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
export async function timedScript(
  ws: Workspace,
  script: string,
  timeoutMs = 60_000,
  env: Record<string, string> = {},
): Promise<ScriptCost> {
  const times = join(ws.root, "times");
  const meter = cpuMeter();
  const command = [...(meter?.prefix ?? []), "bash", "-c", COUNTING, "-", "bash", "-c", script];
  const begin = performance.now();
  const running = runAsAgent(command, {
    cwd: ws.home,
    env: { ...ws.env, ...env, BENCH_TIMES: times },
    timeoutMs,
  });
  const failed = running.then(({ exitCode, stdout, stderr }) => {
    if (exitCode !== 0) throw new Error(`a script failed:\n${stdout}${stderr}`);
  });
  try {
    const [{ first, cpuToFirst }, { durationMs }] = await Promise.all([
      answered(ws.port, timeoutMs).then(() => ({
        first: performance.now() - begin,
        cpuToFirst: meter?.read(),
      })),
      running,
      failed,
    ]);
    const [, user = "", system = ""] = readFileSync(times, "utf8").match(/\n(\S+) (\S+)\n$/) ?? [];
    return { first, cpuToFirst, total: durationMs, cpu: milliseconds(user) + milliseconds(system) };
  } finally {
    rmSync(times, { force: true });
    closeLater(meter, 600);
  }
}

/** Of the shell's `0m0.123s`. */
function milliseconds(text: string): number {
  const [, minutes = 0, seconds = 0] = text.match(/^(\d+)m([\d.]+)s$/) ?? [];
  return Number(minutes) * 60_000 + Number(seconds) * 1000;
}
