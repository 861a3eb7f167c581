/**
 * `npm run bench`: what things cost, side by side in one run, beside what nobody can go below. Prints a table and writes
 * bench.json. Options: `--rounds 12`, `--starts` (only these), `--real-amp` (behind the stand-in server), `--write` (also
 * docs/benchmarks.md and its chart). BASELINE_SCRIPT=path times another start script pair by pair, in a home of its own,
 * which must use the port BASELINE_PORT (3284 unless given) and find its programs installed.
 */
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { floor } from "./bench/floor.ts";
import { killedServer, running, versionOf, warmStart } from "./bench/measures.ts";
import { residentKib, startedProcesses } from "./bench/processes.ts";
import { chart, type Row, table } from "./bench/report.ts";
import { inTurn, median } from "./bench/sample.ts";
import { subjects } from "./bench/subjects.ts";
import { moduleRoot } from "./terraform.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "12" },
    "real-amp": { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    /** Only the starts, for a quick look. */
    starts: { type: "boolean", default: false },
  },
});
const all = await subjects(options["real-amp"], process.env);
const [ours, baseline] = all;
try {
  if (ours === undefined) throw new Error("there is nothing to measure");
  const { workspace, script } = ours;
  // What comes with scripts of their own is there from now on.
  await workspace.start();
  const rounds = Number(options.rounds);
  const samples = await inTurn<string>(rounds, [
    () => floor(workspace),
    ...all.map((each) => () => warmStart(each)),
    ...(options.starts ? [] : [async () => ({ ...(await warmStart(ours)), ...(await running(ours)) })]),
  ]);
  await ours.clear();
  const processes = await startedProcesses(ours);
  await ours.clear();
  await baseline?.clear();
  const baselineProcesses = baseline && (await startedProcesses(baseline));
  await baseline?.clear();
  await warmStart(ours);
  const killed = options.starts ? undefined : await killedServer(workspace);
  const resident = await residentKib(workspace);
  const of = (name: string) => (samples[name] ? median(samples[name]) : undefined);
  const theirs = (name: string) => of(`baseline ${name}`);

  const measured: Row[] = [
    {
      what: "warm start, first answer",
      ours: of("ours first"),
      baseline: theirs("first"),
      floor: of("floor"),
      unit: "ms",
    },
    { what: "warm start, whole script", ours: of("ours total"), baseline: theirs("total"), unit: "ms" },
    { what: "CPU of a whole warm start", ours: of("ours cpu"), baseline: theirs("cpu"), unit: "ms" },
    { what: "processes of a warm start", ours: processes, baseline: baselineProcesses, unit: "" },
    { what: "start on a running one", ours: of("again total"), floor: of("runtime"), unit: "ms" },
    { what: "CPU of a start on a running one", ours: of("again cpu"), unit: "ms" },
    { what: "`amp-module status`", ours: of("status"), floor: of("runtime"), unit: "ms" },
    { what: "`amp-module doctor`", ours: of("doctor"), floor: of("runtime"), unit: "ms" },
    { what: "message, until the agent has it", ours: of("message reached"), unit: "ms" },
    { what: "message, until stable again", ours: of("message stable"), unit: "ms" },
    { what: "stop, whole script", ours: of("stop"), unit: "ms" },
    { what: "killed AgentAPI, until it is noticed", ours: killed?.noticed, unit: "ms" },
    { what: "killed AgentAPI, until it answers again", ours: killed?.again, unit: "ms" },
    { what: "resident besides AgentAPI and Amp (Pss)", ours: resident, unit: "KiB" },
    {
      what: "start script without input",
      ours: script.length / 1024,
      baseline: baseline && baseline.script.length / 1024,
      unit: "KiB",
    },
    ...Object.entries(workspace.scripts.bundles).map(
      ([name, { length }]): Row => ({ what: `script of the ${name}`, ours: length / 1024, unit: "KiB" }),
    ),
  ];
  const rows = measured.filter(({ ours }) => ours !== undefined);
  const { model = "unknown processor" } = cpus()[0] ?? {};
  const about = [
    `Medians of ${rounds} rounds in turn after one that does not count`,
    `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${process.arch}`,
    `Node ${process.versions.node}, AgentAPI ${workspace.agentApiIsReal ? versionOf(join(workspace.root, "bin/agentapi")) : "stand-in"}, Amp ${options["real-amp"] ? "real" : "stand-in"}`,
  ].join("; ");
  console.log(`\n${about}.\n\n${table(rows)}\n`);
  writeFileSync("bench.json", `${JSON.stringify({ about, rows, samples }, undefined, 2)}\n`);
  if (options.write) {
    const { page } = await import("./bench/page.ts");
    writeFileSync(join(moduleRoot, "docs/benchmarks.md"), page(about, rows));
    writeFileSync(join(moduleRoot, "docs/images/benchmarks.svg"), chart(rows));
  }
} finally {
  for (const { dispose } of all) await dispose();
}
