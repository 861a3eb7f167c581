/**
 * `npm run herd`: many workspaces that start for the first time at the same moment, against one mirror on loopback
 * that serves so many clients at once and answers 429 to all others. What downloads and tries again is the module's own code.
 *
 *   --workspaces 200 --connections 20
 *   --scale 10000       what so many starts at once ask for, in a table at the end
 *   --only 'short'      some of the herds
 *   --report herd.json
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { countRequests } from "./herd/counts.ts";
import { drawn } from "./herd/figures.ts";
import type { Pace } from "./herd/files.ts";
import { type HerdOptions, type HerdResult, runHerd } from "./herd/herd.ts";
import { scaleTable } from "./herd/scale.ts";

const { values } = parseArgs({
  options: {
    workspaces: { type: "string", default: "200" },
    connections: { type: "string", default: "20" },
    scale: { type: "string", default: "10000" },
    only: { type: "string", default: "" },
    report: { type: "string", default: "herd.json" },
  },
});

/** Transfers of 20 to 60 ms: the number of connections is what counts. */
const SHORT: Pace = { latencyMs: 20, bytesPerSecond: 2.5e9 };
/** 2 s for Amp's 100 MB. */
const LONG: Pace = { latencyMs: 20, bytesPerSecond: 50e6 };

const herds: Record<string, Pick<HerdOptions, "pace" | "retryAfter" | "isBare">> = {
  "short transfers": { pace: SHORT },
  "short transfers, Retry-After: 1": { pace: SHORT, retryAfter: 1 },
  "long transfers": { pace: LONG },
  "long transfers, Retry-After: 1": { pace: LONG, retryAfter: 1 },
  "short transfers, no JavaScript runtime": { pace: SHORT, isBare: true },
  "long transfers, no JavaScript runtime": { pace: LONG, isBare: true },
};

const HEAD =
  "| herd | succeeded | requests per file | turned away | peak in 250 ms | median | last |\n| --- | --- | --- | --- | --- | --- | --- |";

const workspaces = Number(values.workspaces);
const connections = Number(values.connections);
console.log(`${workspaces} workspaces at once, ${connections} connections.`);
const results: Record<string, HerdResult> = {};
for (const [name, options] of Object.entries(herds)) {
  if (!name.includes(values.only)) continue;
  const result = await runHerd({ ...options, workspaces, connections });
  results[name] = result;
  if (result.succeeded < workspaces) process.exitCode = 1;
  console.log(`\n${rowOf(name, result)}\nretries in each second\n${drawn(result.histogram)}`);
  for (const failure of result.failures.slice(0, 3)) console.log(failure);
}
console.log(
  `\n${HEAD}\n${Object.entries(results)
    .map(([name, result]) => rowOf(name, result))
    .join("\n")}`,
);
console.log(`\n${await scaleTable(await countRequests(), Number(values.scale))}`);
writeFileSync(values.report, `${JSON.stringify(results, undefined, 2)}\n`);

function rowOf(name: string, result: HerdResult): string {
  const { succeeded, perFile, turnedAway, peak, medianSeconds, lastSeconds } = result;
  const cells = [
    name,
    succeeded,
    perFile.toFixed(2),
    turnedAway,
    `${(100 * peak).toFixed(0)} %`,
    `${medianSeconds.toFixed(0)} s`,
    `${lastSeconds.toFixed(0)} s`,
  ];
  return `| ${cells.join(" | ")} |`;
}
