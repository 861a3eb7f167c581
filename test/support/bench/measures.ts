import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { firstAnswer } from "../../../src/agentapi/wait.ts";
import { runAsAgent } from "../run-script.ts";
import type { Workspace } from "../workspace.ts";
import { timedScript } from "./script-run.ts";
import type { Subject } from "./subjects.ts";

type Figures = Partial<Record<string, number>>;

/** A start with everything installed and nothing running. */
export async function warmStart({ name, workspace, script, clear }: Subject): Promise<Figures> {
  await clear();
  const { first, total, cpu } = await timedScript(workspace, script);
  return { [`${name} first`]: first, [`${name} total`]: total, [`${name} cpu`]: cpu };
}

/** A start that finds its AgentAPI healthy, what people ask then, and a stop. */
export async function running({ workspace, script }: Subject): Promise<Figures> {
  const again = await timedScript(workspace, script);
  const status = await typed(workspace, "status");
  const doctor = await typed(workspace, "doctor");
  const said = await roundTrip(workspace);
  const stop = (await workspace.stop()).durationMs;
  return { "again total": again.total, "again cpu": again.cpu, status, doctor, ...said, stop };
}

/** A command of `amp-module`, however it ends: doctor finds no account here. */
async function typed({ moduleDir, home, env }: Workspace, command: string): Promise<number> {
  const launcher = join(moduleDir, "bin/amp-module");
  return (await runAsAgent([launcher, command], { cwd: home, env })).durationMs;
}

/** A message until the agent has it, and until AgentAPI calls the agent stable again. */
async function roundTrip({ client, prompts }: Workspace): Promise<Figures> {
  const before = (await prompts()).length;
  const begin = performance.now();
  await client.sendMessage({ type: "user", content: "How far is the moon?" });
  while ((await prompts()).length === before) await sleep(2);
  const reached = performance.now() - begin;
  while ((await client.status()).status !== "stable") await sleep(10);
  return { "message reached": reached, "message stable": performance.now() - begin };
}

/** How long the supervisor takes to see that AgentAPI is gone, and to bring it back. */
export async function killedServer(ws: Workspace): Promise<{ noticed: number; again: number }> {
  const pid = Number(readFileSync(join(ws.moduleDir, "state/agentapi.pid"), "utf8"));
  process.kill(pid, "SIGKILL");
  const begin = performance.now();
  while (!(await ws.log("agentapi-start")).includes("ended unexpectedly")) await sleep(5);
  const noticed = performance.now() - begin;
  await firstAnswer(ws.client, { timeoutMs: 20_000 });
  return { noticed, again: performance.now() - begin };
}

/** Of a program on PATH, its first line; "" if it does not say. */
export function versionOf(file: string): string {
  return (
    spawnSync(file, ["--version"], { encoding: "utf8" })
      .stdout?.split("\n")[0]
      ?.replace(/^.*version /i, "") ?? ""
  );
}
