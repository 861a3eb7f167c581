import type { Result, Row } from "./part.ts";
import { median, ratio } from "./sample.ts";

const NONE = "–";

/** Every part as a heading with a table below; columns that nothing stands in are left out. */
export function tables(results: readonly Result[]): string {
  return results.map(section).join("\n\n");
}

function section({ title, about, rounds, rows, failure }: Result): string {
  const head = `## ${title}\n\n${about} Medians of ${rounds} round${rounds === 1 ? "" : "s"}.`;
  return `${head}\n\n${failure === undefined ? table(rows) : `This part failed: ${failure}`}`;
}

function table(rows: readonly Row[]): string {
  const has = (name: "baseline" | "floor") => rows.some((row) => row[name]?.length);
  const columns: [string, (row: Row) => string][] = [
    ["", ({ what }) => what],
    ["this module", ({ ours, unit }) => shown(ours, unit)],
    ...(has("baseline")
      ? ([
          ["baseline", ({ baseline, unit }) => shown(baseline, unit)],
          ["of the baseline", ({ ours, baseline }) => times(ours, baseline)],
        ] satisfies [string, (row: Row) => string][])
      : []),
    ...(has("floor")
      ? ([
          ["floor", ({ floor, unit }) => shown(floor, unit)],
          ["of the floor", ({ ours, floor }) => times(ours, floor)],
        ] satisfies [string, (row: Row) => string][])
      : []),
  ];
  const rule = columns.map((_, column) => (column === 0 ? "---" : "--:"));
  const lines = rows.map((row) => columns.map(([, cell]) => cell(row)));
  return [columns.map(([name]) => name), rule, ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function shown(values: readonly number[] | undefined, unit: Row["unit"]): string {
  if (!values?.length) return NONE;
  const value = median(values);
  const digits = unit === "ms" || unit === "" || value >= 1000 ? 0 : 1;
  return `${value.toFixed(digits)} ${unit}`.trim();
}

function times(values: readonly number[], others: readonly number[] | undefined): string {
  return values.length && others?.length ? `${ratio(values, others).toFixed(2)}×` : NONE;
}

/** The rows in milliseconds as bars, for `docs/images/`. */
export function chart(results: readonly Result[]): string {
  const bars = results
    .flatMap(({ rows }) => rows)
    .filter(({ unit }) => unit === "ms")
    .flatMap(({ what, ...row }) =>
      (["ours", "baseline", "floor"] as const)
        .filter((kind) => row[kind]?.length)
        .map((kind) => ({ what, kind, value: median(row[kind] ?? []) })),
    );
  const longest = Math.max(10, ...bars.map(({ value }) => value));
  const colours = { ours: "#4c78a8", baseline: "#f58518", floor: "#9d9d9d" };
  const lines = bars.map(({ what, kind, value }, index) => {
    const y = 30 + index * 22;
    // Seconds and milliseconds in one picture: by the logarithm.
    const width = Math.max(2, (Math.log10(value + 1) / Math.log10(longest + 1)) * 300);
    const name = kind === "ours" ? what : kind;
    return [
      `<text x="430" y="${y + 13}" text-anchor="end">${escaped(name)}</text>`,
      `<rect x="440" y="${y}" width="${width.toFixed(1)}" height="16" fill="${colours[kind]}"/>`,
      `<text x="${(446 + width).toFixed(1)}" y="${y + 13}">${value.toFixed(0)} ms</text>`,
    ].join("");
  });
  const height = 40 + bars.length * 22;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="820" height="${height}" fill="#ffffff"/>`,
    '<text x="10" y="18">Medians; the length is the logarithm of the time</text>',
    ...lines,
    "</svg>\n",
  ].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("`", "").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
