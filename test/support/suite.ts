/**
 * `npm test`: everything there is to check, in one run. `npm test -- --only biome,vitest` runs some parts.
 * Ends with what was real, what was left out, and one line of counts; exits 1 on any failure.
 */
import { parseArgs } from "node:util";
import { describeParts, prepareParts } from "./parts.ts";
import { openRunFolder } from "./run-folder.ts";
import { batsSteps } from "./suite/bats.ts";
import { lintSteps } from "./suite/lint.ts";
import { addUp, type Step, type StepResult } from "./suite/step.ts";
import { terraformTestStep } from "./suite/terraform-test.ts";
import { vitestStep } from "./suite/vitest.ts";

/** Each lane runs one step after another, side by side with the other lanes: the tests wait more than they compute. */
const lanes: Step[][] = [[vitestStep], [...lintSteps, ...batsSteps, terraformTestStep]];
const steps = lanes.flat();
const { values } = parseArgs({ options: { only: { type: "string" } } });
const wanted = values.only?.split(",");
const unknown = wanted?.filter((name) => !steps.some((step) => step.name.startsWith(name))) ?? [];
if (unknown.length > 0) {
  console.error(
    `There is no part ${unknown.join(", ")}; there are: ${steps.map(({ name }) => name).join(", ")}.`,
  );
  process.exit(2);
}

const start = performance.now();
console.log("Preparing what the tests run against (the first time this downloads and builds) …");
const closeRunFolder = await openRunFolder();
const parts = await prepareParts();
console.log(`${describeParts(parts)}\n  ${seconds(start)}\n`);

const results = await Promise.all(lanes.map(runLane));
await closeRunFolder();
const total = addUp(results.flat());
const missing = parts.filter(({ isReal }) => !isReal).map(({ name, detail }) => `${name}: ${detail}`);
const leftOut = [...missing, ...(total.leftOut ?? [])];
console.log(`\nWhat the tests ran against:\n${describeParts(parts)}`);
console.log(leftOut.length > 0 ? `Left out:\n  ${leftOut.join("\n  ")}` : "Nothing was left out.");
console.log(`Took ${seconds(start)}.`);
if (total.passed + total.failed === 0) console.log("Nothing ran.");
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

async function runLane(lane: readonly Step[]): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const step of lane.filter(({ name }) => !wanted || wanted.some((item) => name.startsWith(item)))) {
    results.push(await runStep(step));
  }
  return results;
}

async function runStep({ name, run }: Step): Promise<StepResult> {
  const begin = performance.now();
  const result = await run().catch(
    (error: Error): StepResult => ({
      passed: 0,
      failed: 1,
      skipped: 0,
      output: error.stack ?? error.message,
    }),
  );
  const { passed, failed, skipped, output } = result;
  if (failed > 0 && output) console.log(clip(output.trimEnd()));
  const mark = failed > 0 ? "✗" : passed > 0 ? "✓" : "-";
  console.log(
    `${mark} ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds(begin)})\n`,
  );
  return result;
}

/** In full, but for single lines that quote a whole rendered script. */
function clip(output: string): string {
  return output.replace(/^(.{1500}).+$/gm, (line, start: string) => `${start} … (${line.length} characters)`);
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
