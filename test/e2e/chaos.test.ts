import { expect, test } from "vitest";
import { findAgentApi } from "../support/agentapi.ts";
import { inParallel } from "../support/chaos/pool.ts";
import { randomFrom } from "../support/chaos/random.ts";
import { planOf, runSequence } from "../support/chaos/sequence.ts";
import { describePlan, planFrom } from "../support/chaos/steps.ts";

/** Others than these: `npm run chaos`. */
const SEEDS = [2, 15, 31];

const { real } = await findAgentApi();

test("a seed always stands for the same steps, and every second one for two instances", () => {
  const plans = Array.from({ length: 40 }, (_, seed) => planFrom(randomFrom(seed), seed, true));
  expect(Array.from({ length: 40 }, (_, seed) => planFrom(randomFrom(seed), seed, true))).toEqual(plans);
  expect(new Set(plans.map(describePlan)).size).toBe(40);
  expect(plans.filter(({ instances }) => instances === 2)).toHaveLength(20);
});

test.skipIf(!real)(
  "whatever happens to a workspace, one normal start heals it",
  { timeout: 300_000 },
  async () => {
    const results = await inParallel(SEEDS, SEEDS.length, async (seed) => runSequence(await planOf(seed)));
    const broken = results.filter((result) => result.broken.length > 0);
    expect(broken.map((result) => `${result.broken.join("\n")}\n${result.evidence}`).join("\n\n")).toBe("");
  },
);
