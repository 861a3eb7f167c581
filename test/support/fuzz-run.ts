/**
 * `npm run fuzz`: every property of the tests with 10,000 cases each, and for each how many it was and the seed.
 *
 *   --cases 10000
 *   --seed 7          the same cases again
 *   --only screen     the files whose path has this
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { moduleRoot } from "./terraform.ts";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "10000" },
    seed: { type: "string" },
    only: { type: "string", default: "" },
    workers: { type: "string", default: "2" },
  },
});

const folder = mkdtempSync(join(tmpdir(), "amp-module-fuzz-"));
const report = join(folder, "report");
const files = (await filesWithProperties()).filter((file) => file.includes(values.only));
const limits = ["--testTimeout", "1800000", "--retry", "0", "--maxWorkers", values.workers];
const { exitCode } = await execa("npx", ["vitest", "run", ...limits, ...files], {
  cwd: moduleRoot,
  reject: false,
  stdio: "inherit",
  env: {
    FUZZ_CASES: values.cases,
    FUZZ_REPORT: report,
    ...(values.seed !== undefined && { FUZZ_SEED: values.seed }),
  },
});
console.log(readFileSync(report, "utf8").split("\n").sort().join("\n").trim());
rmSync(folder, { recursive: true });
process.exitCode = exitCode ?? 1;

async function filesWithProperties(): Promise<string[]> {
  const names = await readdir(join(moduleRoot, "test"), { recursive: true });
  const tests = names.filter((name) => name.endsWith(".test.ts")).map((name) => join("test", name));
  const texts = await Promise.all(tests.map((file) => readFile(join(moduleRoot, file), "utf8")));
  return tests.filter((_, index) => texts[index]?.includes("support/fuzz.ts"));
}
