/** Choices that look random and come again from the same seed. */
export interface Random {
  /** At least 0 and below 1. */
  next(): number;
  /** A whole number from `from` up to and including `to`. */
  between(from: number, to: number): number;
  /** @throws RangeError for an empty list */
  pick<T>(list: readonly T[]): T;
  chance(probability: number): boolean;
}

/** The generator named mulberry32: 32 bits of state are plenty for a campaign. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    between,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new RangeError("nothing to choose from");
      return list[between(0, list.length - 1)] as T;
    },
    chance: (probability) => next() < probability,
  };
}

/** So many members of a list, in its order. */
export function sampleOf<T>(list: readonly T[], count: number, random: Random): T[] {
  const chosen = new Set<number>();
  while (chosen.size < Math.min(count, list.length)) chosen.add(random.between(0, list.length - 1));
  return list.filter((_, index) => chosen.has(index));
}
