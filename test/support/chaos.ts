/**
 * `npm run chaos`: a campaign against the module on this machine, seeded and bounded, on loopback only.
 *
 *   --sequences 20 [--first 1]                         random sequences of faults, one for each seed
 *   --replay 7                                         the sequence of one seed again, with all that it says
 *   --moments [--every 1] [--only terminal/agentapi]   the table of moments and ends, or one in so many of its cells
 *   --real-amp 30                                      so many of its cells with the real Amp
 *   --from-launch                                      moments from AgentAPI's start, on a machine that is busy
 *   --cell 'terminal/agentapi SIGKILL@2250'            one cell
 *   --seed 1 --workers 6 --report chaos.json
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Cell, type CellResult, cellNamed, endsOf, MOMENTS, nameOf, runCell } from "./chaos/moments.ts";
import { inParallel } from "./chaos/pool.ts";
import { randomFrom, sampleOf } from "./chaos/random.ts";
import type { Transport } from "./chaos/rendered.ts";
import { planOf, runSequence, type SequenceResult } from "./chaos/sequence.ts";
import { disposeOpenSites } from "./chaos/site.ts";
import { describePlan } from "./chaos/steps.ts";
import { badCells, describeBad, describeCells } from "./chaos/table.ts";

const { values } = parseArgs({
  options: {
    sequences: { type: "string", default: "20" },
    first: { type: "string", default: "1" },
    replay: { type: "string" },
    moments: { type: "boolean", default: false },
    "from-launch": { type: "boolean", default: false },
    every: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    "real-amp": { type: "string" },
    cell: { type: "string", multiple: true },
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: "6" },
    report: { type: "string", default: "chaos.json" },
  },
});

for (const name of ["SIGINT", "SIGTERM"] as const)
  process.once(name, () => {
    console.log(`Ended by ${name} before its time.`);
    void disposeOpenSites().finally(() => process.exit(130));
  });

const began = performance.now();
const seed = Number(values.seed);
const workers = Number(values.workers);
const isTable = values.moments || values["real-amp"] !== undefined || values.cell !== undefined;
const report = isTable ? await runTable() : await runSequences();
console.log(`Took ${((performance.now() - began) / 1000).toFixed(0)} s.`);
writeFileSync(values.report, `${JSON.stringify(report, undefined, 2)}\n`);

async function runTable(): Promise<CellResult[]> {
  const cells = chooseCells();
  console.log(`${cells.length} cells, ${workers} at a time, seed ${seed}.`);
  const results = await inParallel(cells, workers, runShown);
  console.log(`\n${describeCells(results)}\n`);
  if (badCells(results).length > 0) process.exitCode = 1;
  return results;
}

async function runSequences(): Promise<SequenceResult[]> {
  const first = Number(values.replay ?? values.first);
  const count = values.replay === undefined ? Number(values.sequences) : 1;
  const seeds = Array.from({ length: count }, (_, index) => first + index);
  const results = await inParallel(seeds, workers, runSeed);
  const broken = results.filter((result) => result.broken.length > 0);
  console.log(`\n${results.length} sequences, ${broken.length} with broken invariants.`);
  if (broken.length > 0) process.exitCode = 1;
  return results;
}

async function runSeed(number: number): Promise<SequenceResult> {
  const plan = await planOf(number);
  const result = await runSequence(plan).catch((error: Error) => {
    return { plan, broken: [`the campaign itself failed: ${error.stack}`], evidence: "" };
  });
  const { broken, evidence } = result;
  console.log(`seed ${number}: ${broken.length === 0 ? "well" : broken.join("; ")}`);
  if (broken.length > 0) console.log(`${describePlan(plan)}\nAgain: npm run chaos -- --replay ${number}`);
  if (values.replay !== undefined) console.log(evidence);
  return result;
}

function chooseCells(): Cell[] {
  if (values.cell) return values.cell.map(cellNamed);
  const transports: readonly Transport[] = ["terminal", "stream"];
  const all = transports
    .flatMap((transport) =>
      MOMENTS.flatMap((atMs) =>
        endsOf(transport).map((end): Cell => ({ transport, end, atMs, isFromLaunch: values["from-launch"] })),
      ),
    )
    .filter((cell) => nameOf(cell).startsWith(values.only));
  const random = randomFrom(seed);
  if (values["real-amp"] !== undefined)
    return sampleOf(all.filter(hasServer), Number(values["real-amp"]), random).map((cell) => ({
      ...cell,
      isRealAmp: true,
    }));
  return sampleOf(all, Math.ceil(all.length / Number(values.every)), random);
}

/** Amp's server on loopback takes part in what the terminal does, and not in `amp -x`. */
function hasServer({ transport }: Cell): boolean {
  return transport === "terminal";
}

async function runShown(cell: Cell): Promise<CellResult> {
  const result = await runCell(cell).catch(
    ({ stack = "" }: Error): CellResult => ({
      ...{ cell, verdict: "not healed", taken: 0, isMissed: false },
      evidence: `the campaign itself failed: ${stack}`,
    }),
  );
  console.log(
    `${nameOf(cell)}: ${result.verdict}${result.taken > 1 ? ` (taken ${result.taken} times)` : ""}`,
  );
  if (badCells([result]).length > 0) console.log(describeBad(result));
  return result;
}
