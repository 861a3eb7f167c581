/** Measures of the same things, taken in turn, so that a busy moment of the machine meets all of them. */
export type Samples<Name extends string> = Record<Name, number[]>;

/**
 * Runs every measure once per round, after a round that does not count; every other round backwards.
 *
 * @param measures each returns its figures by name
 */
export async function inTurn<Name extends string>(
  rounds: number,
  measures: readonly (() => Promise<Partial<Record<Name, number>>>)[],
): Promise<Samples<Name>> {
  const samples = {} as Samples<Name>;
  for (let round = 0; round <= rounds; round++) {
    for (const measure of round % 2 === 0 ? measures : measures.toReversed()) {
      const figures = Object.entries(await measure()) as [Name, number][];
      if (round === 0) continue;
      for (const [name, value] of figures) {
        samples[name] ??= [];
        samples[name].push(value);
      }
    }
  }
  return samples;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}
