import { type CellResult, nameOf, type Verdict } from "./moments.ts";

const VERDICTS: readonly Verdict[] = ["once", "said", "lost", "doubled", "not healed"];

/** The table of moments and ends: one line for each transport and end, with how often what came out. */
export function describeCells(results: readonly CellResult[]): string {
  const groups = new Map<string, CellResult[]>();
  for (const result of results) {
    const { transport, end, isRealAmp } = result.cell;
    const key = `${transport}${isRealAmp ? ", real Amp" : ""} | ${end}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  groups.set("all |", [...results]);
  const rows = [...groups].map(([key, group]) => {
    const count = (verdict: Verdict) => group.filter((result) => result.verdict === verdict).length;
    const again = group.filter(({ taken }) => taken > 1).length;
    const missed = group.filter(({ isMissed }) => isMissed).length;
    return `| ${[key, group.length, ...VERDICTS.map(count), again, missed].join(" | ")} |`;
  });
  return [
    `| transport | end | cells | ${VERDICTS.join(" | ")} | taken again after a loss | nothing to end |`,
    `|${" --- |".repeat(VERDICTS.length + 5)}`,
    ...rows,
  ].join("\n");
}

/** Those that are not as they should be. */
export function badCells(results: readonly CellResult[]): CellResult[] {
  return results.filter(({ verdict }) => verdict !== "once" && verdict !== "said");
}

export function describeBad({ cell, evidence }: CellResult): string {
  return `${evidence}\nAgain: npm run chaos -- --cell '${nameOf(cell)}'`;
}
