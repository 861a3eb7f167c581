/** One line of the table. */
export interface Row {
  what: string;
  /** In order: this module, the baseline, the floor. */
  ours: number | undefined;
  baseline?: number | undefined;
  floor?: number | undefined;
  unit: "ms" | "KiB" | "";
}

const NONE = "–";

/** The rows as Markdown; columns that nothing stands in are left out. */
export function table(rows: readonly Row[]): string {
  const hasBaseline = rows.some(({ baseline }) => baseline !== undefined);
  const lines = rows.map(({ what, ours, baseline, floor, unit }) => [
    what,
    shown(ours, unit),
    ...(hasBaseline ? [shown(baseline, unit)] : []),
    shown(floor, unit),
    ours === undefined || floor === undefined ? NONE : `${(ours / floor).toFixed(2)}×`,
  ]);
  const head = ["median", "this module", ...(hasBaseline ? ["baseline"] : []), "floor", "of the floor"];
  const rule = head.map((_, column) => (column === 0 ? "---" : "--:"));
  return [head, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function shown(value: number | undefined, unit: Row["unit"]): string {
  if (value === undefined || Number.isNaN(value)) return NONE;
  return `${value.toFixed(unit === "KiB" ? 1 : 0)} ${unit}`.trim();
}

/** The rows in milliseconds as bars, for `docs/images/`. */
export function chart(rows: readonly Row[]): string {
  const bars = rows
    .filter(({ unit }) => unit === "ms")
    .flatMap(({ what, ...row }) =>
      (["ours", "baseline", "floor"] as const)
        .map((kind) => ({ what, kind, value: row[kind] }))
        .filter((bar): bar is typeof bar & { value: number } => bar.value !== undefined),
    );
  const longest = Math.max(...bars.map(({ value }) => value));
  const colours = { ours: "#4c78a8", baseline: "#f58518", floor: "#9d9d9d" };
  const lines = bars.map(({ what, kind, value }, index) => {
    const y = 30 + index * 22;
    // Seconds and milliseconds in one picture: by the logarithm.
    const width = Math.max(2, (Math.log10(value + 1) / Math.log10(longest + 1)) * 380);
    const name = kind === "ours" ? what : kind;
    return [
      `<text x="330" y="${y + 13}" text-anchor="end">${name}</text>`,
      `<rect x="340" y="${y}" width="${width.toFixed(1)}" height="16" fill="${colours[kind]}"/>`,
      `<text x="${(346 + width).toFixed(1)}" y="${y + 13}">${value.toFixed(0)} ms</text>`,
    ].join("");
  });
  const height = 40 + bars.length * 22;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="800" height="${height}" fill="#ffffff"/>`,
    '<text x="10" y="18">Medians; the length is the logarithm of the time</text>',
    ...lines,
    "</svg>\n",
  ].join("\n");
}
