import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, type Step, type StepResult } from "./step.ts";

/** All of vitest, shown while it runs; counted from its JSON report. */
export const vitestStep: Step = {
  name: "vitest",
  run: async () => {
    const folder = await mkdtemp(join(tmpdir(), "amp-module-report-"));
    const report = join(folder, "report.json");
    try {
      const { ok } = await runCommand(
        "vitest",
        ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
        { isLive: true, env: { AMP_TEST_PARTS_SHOWN: "1" } },
      );
      return countReport(ok, await readFile(report, "utf8").catch(() => "{}"));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

interface Report {
  numPassedTests?: number;
  numFailedTests?: number;
  numPendingTests?: number;
  numTodoTests?: number;
  testResults?: { name: string; assertionResults: { status: string; fullName: string }[] }[];
}

/** A file that could not be loaded has no tests of its own: then a bad end counts as one failure. */
export function countReport(ok: boolean, json: string): StepResult {
  const report = JSON.parse(json) as Report;
  const failed = report.numFailedTests ?? 0;
  const skippedNames = (report.testResults ?? []).flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "skipped" || status === "pending")
      .map(({ fullName }) => fullName),
  );
  return {
    passed: report.numPassedTests ?? 0,
    failed: ok ? failed : Math.max(failed, 1),
    skipped: (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0),
    leftOut: skippedNames.map((name) => `test: ${name}`),
  };
}
