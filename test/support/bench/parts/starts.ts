import { join } from "node:path";
import { runAsAgent } from "../../run-script.ts";
import { floor } from "../floor.ts";
import type { Part, Row } from "../part.ts";
import { type Figures, inTurn } from "../sample.ts";
import { type AmpKind, type Subject, withSubjects } from "../subjects.ts";
import { timedScript } from "../timed-script.ts";

const COMMON =
  "Everything is installed. The script ends when Amp has lived for as long as in the product. CPU until the first " +
  "answer is of all that runs, CPU of the script of what it waits for. The floor is a bare runtime and a bare " +
  "`agentapi server`; for the rows from *start on a running one* on, the runtime alone.";

export const starts: Part = {
  name: "starts",
  title: "Starts with an Amp that costs nothing",
  about: `A few lines of shell stand in for Amp. ${COMMON}`,
  rounds: 10,
  run: (rounds) => measure("free", rounds),
};

export const realAmp: Part = {
  name: "real-amp",
  title: "Starts with the real Amp",
  about: `The real Amp, behind a stand-in for its server on loopback. ${COMMON}`,
  rounds: 10,
  run: (rounds) => measure("real", rounds),
};

function measure(amp: AmpKind, rounds: number): Promise<Row[]> {
  return withSubjects(amp, async (ours, baseline) => {
    const of = await inTurn(rounds, [
      () => floor(ours.workspace),
      async () => ({ ...(await warmStart(ours)), ...(await running(ours)) }),
      ...(baseline ? [() => warmStart(baseline)] : []),
    ]);
    const row = (what: string, name: string, floored?: string, unit: Row["unit"] = "ms"): Row => ({
      ...{ what, unit, ours: of(`ours ${name}`), baseline: of(`baseline ${name}`) },
      ...(floored && { floor: of(floored) }),
    });
    const rows = [
      row("start, until the first answer", "first", "floor"),
      row("CPU of everything until the first answer", "cpu to first", "floor cpu"),
      row("start, whole script", "total"),
      row("CPU of the script", "cpu"),
      row("start on a running one, whole script", "again", "runtime"),
      row("CPU of the script then", "again cpu", "runtime cpu"),
      row("`amp-module status`", "status", "runtime"),
      row("`amp-module doctor`", "doctor", "runtime"),
      row("stop, whole script", "stop"),
    ];
    return rows.filter(({ ours }) => ours.length > 0);
  });
}

/** A start with everything installed and nothing running. */
async function warmStart({ name, workspace, script, clear }: Subject): Promise<Figures> {
  await clear();
  const { first, cpuToFirst, total, cpu } = await timedScript(workspace, script);
  if (name === "baseline") await clear();
  return {
    [`${name} first`]: first,
    [`${name} total`]: total,
    [`${name} cpu`]: cpu,
    ...(cpuToFirst !== undefined && { [`${name} cpu to first`]: cpuToFirst }),
  };
}

/** A start that finds its AgentAPI healthy, what people ask then, and a stop. */
async function running({ workspace, script }: Subject): Promise<Figures> {
  const again = await timedScript(workspace, script);
  const typed = async (command: string) => {
    const launcher = join(workspace.moduleDir, "bin/amp-module");
    // However it ends: doctor finds no account here.
    return (await runAsAgent([launcher, command], { cwd: workspace.home, env: workspace.env })).durationMs;
  };
  return {
    "ours again": again.total,
    "ours again cpu": again.cpu,
    "ours status": await typed("status"),
    "ours doctor": await typed("doctor"),
    "ours stop": (await workspace.stop()).durationMs,
  };
}
