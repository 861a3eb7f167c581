import { expect, test } from "vitest";
import { findAgentApi } from "../support/agentapi.ts";
import { type Cell, endsOf, MOMENTS, runCell } from "../support/chaos/moments.ts";
import { inParallel } from "../support/chaos/pool.ts";
import { randomFrom, sampleOf } from "../support/chaos/random.ts";
import type { Transport } from "../support/chaos/rendered.ts";
import { badCells, describeBad } from "../support/chaos/table.ts";

/** Others than these: `npm run chaos -- --moments`. */
const CELLS = 6;
const SEED = 11;

const { real } = await findAgentApi();

test.skipIf(!real).each<Transport>(["terminal", "stream"])(
  "a first start that ends at some moment, then a normal one: the prompt stands in the %s's conversation once",
  async (transport) => {
    const cells = MOMENTS.flatMap((atMs) => endsOf(transport).map((end): Cell => ({ transport, end, atMs })));
    const chosen = sampleOf(cells, CELLS, randomFrom(SEED));
    const results = await inParallel(chosen, CELLS, runCell);
    expect(badCells(results).map(describeBad).join("\n\n")).toBe("");
    expect(results).toHaveLength(CELLS);
  },
  300_000,
);
