/**
 * `npm run bench`: what a start costs, side by side in one run, as ratios. Prints a table and writes bench.json.
 * The floor of a warm start is what nobody can go below: the runtime's own start and a bare `agentapi server`.
 */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createAgentApiClient } from "../../src/agentapi/client.ts";
import { firstAnswer } from "../../src/agentapi/wait.ts";
import { freePort } from "./free-port.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

const ROUNDS = 9;

interface Row {
  what: string;
  value: number;
  unit: string;
  /** Against the floor, where that says something. */
  ratio?: number;
}

const workspace = await createWorkspace();
try {
  await mustStart(workspace);
  await workspace.stop();

  const runtime = median(await rounds(() => timed(() => ended("node", ["-e", "0"], workspace))));
  const bare = median(await rounds(() => bareServer(workspace)));
  const floor = runtime + bare;
  const warm = median(await rounds(() => warmStart(workspace)));
  await mustStart(workspace);
  const leftAlone = median(await rounds(async () => (await mustStart(workspace)).durationMs));
  const resident = await residentKib(workspace);
  const { noticed, again } = await killedServer(workspace);
  const stop = (await workspace.stop()).durationMs;

  const rows: Row[] = [
    { what: "runtime alone (node -e 0)", value: runtime, unit: "ms" },
    { what: "bare agentapi server, first answer", value: bare, unit: "ms" },
    { what: "floor of a warm start", value: floor, unit: "ms", ratio: 1 },
    { what: "warm start, first answer", value: warm, unit: "ms", ratio: warm / floor },
    { what: "start on a running one, whole script", value: leftAlone, unit: "ms", ratio: leftAlone / floor },
    { what: "killed AgentAPI, until it is noticed", value: noticed, unit: "ms" },
    { what: "killed AgentAPI, until it answers again", value: again, unit: "ms" },
    { what: "stop, whole script", value: stop, unit: "ms" },
    { what: "start script without input", value: workspace.scripts.start.length / 1024, unit: "KiB" },
    ...Object.entries(workspace.scripts.bundles).map(([name, { length }]) => {
      return { what: `script of the ${name}`, value: length / 1024, unit: "KiB" };
    }),
    { what: "resident besides AgentAPI and Amp (Pss)", value: resident, unit: "KiB" },
  ];
  console.log(`\nAgentAPI: ${workspace.agentApiIsReal ? "real" : "stand-in"}; median of ${ROUNDS} rounds\n`);
  for (const { what, value, unit, ratio } of rows) {
    const against = ratio === undefined ? "" : `${ratio.toFixed(2)} x`;
    console.log(
      `${what.padEnd(42)} ${value.toFixed(1).padStart(8)} ${unit.padEnd(4)} ${against.padStart(8)}`,
    );
  }
  writeFileSync("bench.json", `${JSON.stringify(rows, undefined, 2)}\n`);
} finally {
  await workspace.dispose();
}

/** From the script's begin to AgentAPI's first answer, with everything installed and nothing running. */
async function warmStart(at: Workspace): Promise<number> {
  await at.stop();
  const begin = performance.now();
  const script = at.start();
  await firstAnswer(at.client, { timeoutMs: 20_000 });
  const elapsed = performance.now() - begin;
  await script;
  return elapsed;
}

async function bareServer(at: Workspace): Promise<number> {
  const port = await freePort();
  const args = ["server", "--type", "amp", "--port", String(port), "--", "sleep", "60"];
  const begin = performance.now();
  const child = spawn(join(at.root, "bin", "agentapi"), args, { env: at.env, stdio: "ignore" });
  try {
    await firstAnswer(createAgentApiClient({ baseUrl: `http://127.0.0.1:${port}` }), { timeoutMs: 20_000 });
    return performance.now() - begin;
  } finally {
    child.kill("SIGKILL");
    await sleep(50);
  }
}

/** How long the supervisor takes to see that AgentAPI is gone, and to bring it back. */
async function killedServer(at: Workspace): Promise<{ noticed: number; again: number }> {
  const pid = Number(readFileSync(join(at.moduleDir, "state/agentapi.pid"), "utf8"));
  process.kill(pid, "SIGKILL");
  const begin = performance.now();
  while (!(await at.log("agentapi-start")).includes("ended unexpectedly")) await sleep(5);
  const noticed = performance.now() - begin;
  await firstAnswer(at.client, { timeoutMs: 20_000 });
  return { noticed, again: performance.now() - begin };
}

async function mustStart(at: Workspace) {
  const result = await at.start();
  if (result.exitCode !== 0) throw new Error(`the start failed:\n${result.stdout}${result.stderr}`);
  return result;
}

/** Proportional set size, in KiB, of the module's own processes: the supervisor and what it waits with. */
async function residentKib(at: Workspace): Promise<number> {
  const own = (await at.processes()).filter(({ cmdline }) =>
    /^\/bin\/sh .*supervisor\.sh|^sleep /.test(cmdline),
  );
  const sizes = own.map(
    ({ pid }) => readFileSync(`/proc/${pid}/smaps_rollup`, "utf8").match(/^Pss:\s+(\d+)/m)?.[1],
  );
  return sizes.reduce((sum, size) => sum + Number(size ?? 0), 0);
}

function ended(file: string, args: string[], at: Workspace): Promise<void> {
  return new Promise((resolve, reject) => {
    spawn(file, args, { env: at.env, stdio: "ignore" })
      .once("exit", () => resolve())
      .once("error", reject);
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

async function rounds(measure: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let round = 0; round < ROUNDS; round++) values.push(await measure());
  return values;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
