const UNITS = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds in `90`, `90s`, `5m`, `1.5h`; a bare number is seconds. Undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = "s"] = text.trim().match(/^(\d+(?:\.\d+)?)([smh])?$/) ?? [];
  return number === undefined ? undefined : Number(number) * UNITS[unit as keyof typeof UNITS];
}
