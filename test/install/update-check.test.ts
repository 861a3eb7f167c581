import { mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { recordUpdateCheck, sinceUpdateCheck } from "../../src/install/update-check.ts";
import { example } from "./module-home.ts";

test("says how long ago the last check was, also where the clock went back", () => {
  let now = new Date("2026-10-01T12:00:00Z");
  const { context } = example({ now: () => now });
  expect(sinceUpdateCheck(context)).toBeUndefined();
  recordUpdateCheck(context);
  now = new Date("2026-10-01T15:00:00Z");
  expect(sinceUpdateCheck(context)).toBe(3 * 3_600_000);
  now = new Date("2016-10-01T12:00:00Z");
  expect(sinceUpdateCheck(context)).toBeLessThan(-9 * 365 * 24 * 3_600_000);
});

test("a damaged record is no record", () => {
  const { context } = example();
  mkdirSync(context.paths.state, { recursive: true });
  for (const text of ["", "yesterday", "\0"]) {
    writeFileSync(context.paths.updateCheck, text);
    expect(sinceUpdateCheck(context)).toBeUndefined();
  }
});
