/**
 * `npm run bench`: what things cost, side by side in one run, beside what nobody can go below. Prints tables and writes
 * bench.json; what fails is said in its place, and the rest is done.
 *
 *   --only starts,cold    some parts; those that were not run are taken from bench.json if it is there
 *   --starts, --real-amp  short for --only starts, --only real-amp
 *   --rounds 20           so many rounds in each part
 *   --write               also docs/benchmarks.md, docs/benchmarks.json and the chart
 *   --list                the names of the parts
 *
 * BASELINE_SCRIPT=path times another start script pair by pair, in a home of its own, which must use the port
 * BASELINE_PORT (3284 unless given) and find its programs installed.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { findAgentApi } from "./agentapi.ts";
import { realAmpVersion } from "./amp.ts";
import { page } from "./bench/page.ts";
import type { Part, Result } from "./bench/part.ts";
import { parts } from "./bench/parts.ts";
import { chart, tables } from "./bench/report.ts";
import { disposeOpenWorkspaces } from "./bench/subjects.ts";
import { moduleRoot } from "./terraform.ts";

const KEPT = "bench.json";
const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    starts: { type: "boolean", default: false },
    "real-amp": { type: "boolean", default: false },
    rounds: { type: "string" },
    write: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});
if (options.list) {
  for (const { name, title } of parts) console.log(`${name.padEnd(12)} ${title}`);
  process.exit();
}

const wanted = options.starts ? "starts" : options["real-amp"] ? "real-amp" : options.only;
const names = wanted?.split(",") ?? parts.map(({ name }) => name);
const unknown = names.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) throw new Error(`there is no part ${unknown.join(", ")}: see --list`);

for (const name of ["SIGINT", "SIGTERM"] as const)
  process.once(name, () => {
    console.error(`Ended by ${name} before its time.`);
    void disposeOpenWorkspaces().finally(() => process.exit(130));
  });

const kept = wanted === undefined || !existsSync(KEPT) ? [] : readKept();
const results: Result[] = [];
for (const part of parts) {
  const result = names.includes(part.name)
    ? await measured(part)
    : kept.find(({ name }) => name === part.name);
  if (result) results.push(result);
}
const about = await machine();
writeFileSync(KEPT, `${JSON.stringify({ about, results }, undefined, 1)}\n`);
console.log(`\n${about}\n\n${tables(results)}`);
if (options.write) {
  const text = await format(page(about, results), { parser: "markdown" });
  writeFileSync(join(moduleRoot, "docs/benchmarks.md"), text);
  writeFileSync(join(moduleRoot, "docs/benchmarks.json"), `${JSON.stringify({ about, results })}\n`);
  writeFileSync(join(moduleRoot, "docs/images/benchmarks.svg"), chart(results));
}
process.exit(results.some(({ failure }) => failure !== undefined) ? 1 : 0);

function readKept(): Result[] {
  return (JSON.parse(readFileSync(KEPT, "utf8")) as { results?: Result[] }).results ?? [];
}

async function measured({ name, title, about, rounds: usual, run }: Part): Promise<Result> {
  const rounds = usual === 1 ? 1 : Number(options.rounds ?? usual);
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(0)} s`;
  try {
    const rows = await run(rounds);
    console.log(`${name}: ${seconds()}`);
    return { name, title, about, rounds, rows: rows.map(rounded) };
  } catch (error) {
    console.error(`${name} failed after ${seconds()}: ${(error as Error).stack}`);
    return { name, title, about, rounds, rows: [], failure: withoutPaths((error as Error).message) };
  }
}

/** A thousandth of a millisecond is more than anybody measures. */
function rounded<Value>(row: Value): Value {
  return JSON.parse(JSON.stringify(row), (_, value) =>
    typeof value === "number" ? Math.round(value * 1000) / 1000 : value,
  ) as Value;
}

/** What is written is for others: no folder of this machine. */
function withoutPaths(message: string): string {
  const text = message.split("\n").slice(0, 5).join(" ").slice(0, 500);
  return text.replaceAll(moduleRoot, "…").replaceAll(new RegExp(`${tmpdir()}/[^\\s'"]*`, "g"), "…");
}

async function machine(): Promise<string> {
  const { model = "unknown processor" } = cpus()[0] ?? {};
  const { real, version } = await findAgentApi();
  return (
    `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${process.arch}; ` +
    `Node ${process.versions.node}, AgentAPI ${real ? version : "stand-in"}, Amp ${realAmpVersion}.`
  );
}
