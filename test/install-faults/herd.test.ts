import { expect, test } from "vitest";
import { countRequests } from "../support/herd/counts.ts";
import { drawn, figuresOf } from "../support/herd/figures.ts";
import { NAMES } from "../support/herd/files.ts";
import { runHerd } from "../support/herd/herd.ts";

const { installer, amp, agentapi, digest } = NAMES;

/** 200 against 20, with the pauses as they are: `npm run herd`. */
const small = {
  workspaces: 20,
  connections: 2,
  pace: { latencyMs: 20, bytesPerSecond: 2.5e9 },
  scale: 0.5,
};

test.each([
  [{}, 4],
  [{ retryAfter: 1 }, 4],
  [{ isBare: true }, 2],
])("20 workspaces at a mirror that serves two at a time: all of them start, with few requests (%j)", async (options, files) => {
  const herd = await runHerd({ ...small, ...options });
  expect(herd.failures).toEqual([]);
  expect(herd.succeeded).toBe(20);
  expect(Object.keys(herd.byFile)).toHaveLength(files);
  expect(herd.perFile, JSON.stringify(herd)).toBeLessThan(2);
});

test("a first start asks once for each file, every other one and one in a prebaked image for none", async () => {
  const { cold, warm, prebaked } = await countRequests();
  expect(cold.toSorted()).toEqual([installer, amp, agentapi, digest].toSorted());
  expect([warm, prebaked]).toEqual([[], []]);
});

test("a herd's figures are those of what came in", () => {
  const at = (atMs: number, workspace: string, status: number) => ({ atMs, workspace, file: "x", status });
  const arrivals = [at(0, "a", 200), at(1, "b", 429), at(1_100, "b", 429), at(1_200, "b", 200)];
  expect(figuresOf(arrivals, 2)).toEqual({
    ...{ requests: 4, perFile: 2, turnedAway: 2, peak: 1, histogram: [0, 2], byFile: { x: 4 } },
  });
  expect(drawn([0, 3])).toBe("   0 s  0\n   1 s ## 3");
});
