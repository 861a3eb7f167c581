/**
 * What becomes of an install:
 * - `installs`: the wanted version is in place and runs;
 * - `keeps`: nothing is downloaded, the version that was there runs;
 * - `warns`: the version that was there stays in use, the start succeeds, the log says why;
 * - `fails`: the start fails, names cause and fix, and nothing is in place.
 *
 * With two outcomes the first is for a home without the program, the second for one with an older version that works.
 */
export type Outcome = "installs" | "keeps" | "warns" | "fails" | "fails / warns" | "–";

export const routes = ["official", "npm", "agentapi"] as const;
export type Route = (typeof routes)[number];

/** The table of docs/installing.md; `–` where the case cannot be: the installer names no checksum of its own. */
export const outcomes = {
  //                              official         npm              agentapi
  fresh: row("installs", "installs", "installs"),
  "same version present": row("keeps", "keeps", "keeps"),
  "older version present": row("installs", "installs", "installs"),
  "newer version present, an older one pinned": row("installs", "installs", "installs"),
  "newer version present, latest wanted": row("keeps", "keeps", "keeps"),
  "broken version present": row("installs", "installs", "installs"),
  "server down": row("fails / warns", "fails / warns", "fails / warns"),
  "404": row("fails / warns", "fails / warns", "fails / warns"),
  "429 with Retry-After, then well": row("installs", "installs", "installs"),
  "429 with Retry-After, always": row("fails / warns", "fails / warns", "fails / warns"),
  "cut at 50 %, then well": row("installs", "installs", "installs"),
  "cut at 50 %, always": row("fails / warns", "fails / warns", "fails / warns"),
  "1 KB/s for 30 s": row("installs", "installs", "installs"),
  "wrong checksum": row("–", "fails / warns", "fails / warns"),
  "disk full": row("fails / warns", "fails / warns", "fails / warns"),
  "read-only home": row("fails", "fails", "fails"),
} satisfies Record<string, Record<Route, Outcome>>;

export type Case = keyof typeof outcomes;

function row(official: Outcome, npm: Outcome, agentapi: Outcome): Record<Route, Outcome> {
  return { official, npm, agentapi };
}
