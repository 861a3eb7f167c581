/** The version at the beginning of a text or behind `prefix`, a regular expression; without a leading `v`. */
export function versionIn(text: string, prefix = "^"): string | undefined {
  return text.match(new RegExp(`${prefix}v?(\\d+\\.\\d+\\.\\d+\\S*)`))?.[1];
}

/**
 * Orders two versions by their numeric parts: `0.0.1790142911-g7618fb` is newer than `0.0.1780000000-gabc`. What follows
 * a `-` does not count, except that with equal numbers a version without it is the newer one.
 *
 * @returns negative if `a` is older, 0 if neither is newer, positive if `a` is newer
 */
export function compareVersions(a: string, b: string): number {
  const [numbersA, suffixA] = split(a);
  const [numbersB, suffixB] = split(b);
  for (let i = 0; i < Math.max(numbersA.length, numbersB.length); i++) {
    const difference = (numbersA[i] ?? 0) - (numbersB[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return Number(suffixA === "") - Number(suffixB === "");
}

function split(version: string): [numbers: number[], suffix: string] {
  const [core = "", ...suffix] = version.replace(/^v/, "").split("-");
  return [core.split(".").map(Number), suffix.join("-")];
}
