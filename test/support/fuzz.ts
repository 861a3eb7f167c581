import { appendFileSync } from "node:fs";
import fc from "fast-check";
import { expect } from "vitest";

/** Of each property: 500 in the tests, 10,000 and more by `npm run fuzz`. */
const CASES = Number(process.env["FUZZ_CASES"] ?? 500);
const SEED = process.env["FUZZ_SEED"];

/** Any character but half a surrogate pair, plain ones first. fast-check's own takes seconds to be made. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  )
  .map((code) => String.fromCodePoint(code));

/** A property, synchronous or not. */
type Property<Values> = fc.IRawProperty<Values>;

/**
 * Tries a property with as many cases as this run is for. What fails is told with its seed and the smallest case found;
 * `FUZZ_SEED` gives the same cases again.
 *
 * @param share of the cases, for a property each of which is a piece of work
 */
export async function holds<Values>(property: Property<Values>, share = 1): Promise<void> {
  const numRuns = Math.max(1, Math.round(CASES * share));
  const seed = SEED === undefined ? Date.now() ^ (Math.random() * 2 ** 31) : Number(SEED);
  const began = performance.now();
  const result = await fc.check(property, { numRuns, seed });
  const report = process.env["FUZZ_REPORT"];
  if (report) {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const verdict = result.failed ? "FAILS" : "holds";
    const name = expect.getState().currentTestName ?? "";
    appendFileSync(report, `${verdict} ${result.numRuns} cases, seed ${seed}, ${seconds} s: ${name}\n`);
  }
  if (result.failed)
    throw new Error(await fc.asyncDefaultReportMessage(result), { cause: result.errorInstance });
}
