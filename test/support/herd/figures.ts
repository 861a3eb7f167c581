import type { Arrival } from "./mirror.ts";

const BUCKET_MS = 250;

/** What a herd asked of its mirror. */
export interface HerdFigures {
  requests: number;
  /** Requests for each file and workspace: 1 if nobody was turned away. */
  perFile: number;
  turnedAway: number;
  /** Retries in the worst quarter of a second, as a share of the workspaces. */
  peak: number;
  /** Retries in each second. */
  histogram: number[];
  byFile: Record<string, number>;
}

export function figuresOf(arrivals: readonly Arrival[], workspaces: number): HerdFigures {
  const wanted = new Set<string>();
  const retries: number[] = [];
  const byFile: Record<string, number> = {};
  for (const { atMs, workspace, file } of arrivals) {
    const key = `${workspace} ${file}`;
    if (wanted.has(key)) retries.push(atMs);
    wanted.add(key);
    byFile[file] = (byFile[file] ?? 0) + 1;
  }
  return {
    requests: arrivals.length,
    perFile: arrivals.length / wanted.size,
    turnedAway: arrivals.filter(({ status }) => status === 429).length,
    peak: Math.max(0, ...countsBy(BUCKET_MS, retries)) / workspaces,
    histogram: countsBy(1000, retries),
    byFile,
  };
}

/** One line for each second, a mark for each two retries. */
export function drawn(histogram: readonly number[]): string {
  return histogram
    .map((count, second) => `${String(second).padStart(4)} s ${"#".repeat(Math.ceil(count / 2))} ${count}`)
    .join("\n");
}

function countsBy(widthMs: number, moments: readonly number[]): number[] {
  const counts: number[] = [];
  for (const moment of moments) {
    const index = Math.floor(moment / widthMs);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return Array.from(counts, (count) => count ?? 0);
}
