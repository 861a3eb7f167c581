/** Measures of the same things, taken in turn, so that a busy moment of the machine meets all of them. */
export type Samples = Record<string, number[]>;

/** Figures by name. */
export type Figures = Record<string, number>;

/**
 * Runs every measure once per round, after a round that does not count; every other round backwards.
 *
 * @param measures each returns its figures by name; what is missing in one round must be missing in all
 */
export async function inTurn(
  rounds: number,
  measures: readonly (() => Promise<Figures>)[],
): Promise<(name: string) => number[]> {
  const samples: Samples = {};
  for (let round = 0; round <= rounds; round++) {
    for (const measure of round % 2 === 0 ? measures : measures.toReversed()) {
      const figures = Object.entries(await measure());
      if (round === 0) continue;
      for (const [name, value] of figures) {
        samples[name] ??= [];
        samples[name].push(value);
      }
    }
  }
  return (name) => samples[name] ?? [];
}

/** How long something takes, in milliseconds. */
export async function timed(work: () => unknown): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** The median of one list by the other: pair by pair if each has its partner. */
export function ratio(values: readonly number[], others: readonly number[]): number {
  if (values.length !== others.length) return median(values) / median(others);
  return median(values.map((value, index) => value / (others[index] ?? Number.NaN)));
}
