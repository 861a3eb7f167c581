import { expect, test } from "vitest";
import { countTap } from "./bats.ts";
import { countSummary } from "./terraform-test.ts";
import { countReport } from "./vitest.ts";

test("TAP: skipped tests are not passed ones", () => {
  const tap = "1..3\nok 1 a\nok 2 b # skip no zsh\nnot ok 3 c\n# (in test file x.bats)";
  expect(countTap(false, tap)).toMatchObject({ passed: 1, failed: 1, skipped: 1 });
});

test("TAP: a file that does not load is a failure", () => {
  expect(countTap(false, "bats: x.bats: syntax error")).toMatchObject({ passed: 0, failed: 1 });
});

test("vitest: counts, and a bad end with no failed test is a failure", () => {
  const report = JSON.stringify({
    numPassedTests: 4,
    numFailedTests: 0,
    numPendingTests: 1,
    numTodoTests: 1,
  });
  expect(countReport(true, report)).toMatchObject({ passed: 4, failed: 0, skipped: 2 });
  expect(countReport(false, report)).toMatchObject({ passed: 4, failed: 1 });
  expect(countReport(false, "{}")).toMatchObject({ passed: 0, failed: 1 });
});

test("terraform test: counts its summary line, and a bad end without one is a failure", () => {
  expect(countSummary(true, "x\nSuccess! 12 passed, 0 failed.\n")).toMatchObject({ passed: 12, failed: 0 });
  expect(countSummary(false, "Failure! 3 passed, 1 failed, 2 skipped.")).toMatchObject({
    passed: 3,
    failed: 1,
    skipped: 2,
  });
  expect(countSummary(false, "Error: bad")).toMatchObject({ passed: 0, failed: 1 });
});
