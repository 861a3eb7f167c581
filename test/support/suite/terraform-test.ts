import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { moduleRoot, terraformEnv } from "../terraform.ts";
import { findTerraform } from "../terraform-binary.ts";
import { runCommand, type Step, type StepResult } from "./step.ts";

/** `terraform test` as the Coder registry runs it, on a copy: no .terraform or lock file appears among the sources. */
export const terraformTestStep: Step = {
  name: "terraform test",
  run: async () => {
    const folder = await mkdtemp(join(tmpdir(), "amp-module-tftest-"));
    try {
      const [terraform, env, names] = await Promise.all([
        findTerraform(),
        terraformEnv(),
        readdir(moduleRoot),
      ]);
      for (const name of names.filter((each) => /\.(tf|tftest\.hcl)$/.test(each) || each === "scripts")) {
        await cp(join(moduleRoot, name), join(folder, name), { recursive: true });
      }
      const options = { cwd: folder, env };
      const init = await runCommand(terraform.path, ["init", "-input=false", "-no-color"], options);
      if (!init.ok) return { passed: 0, failed: 1, skipped: 0, output: init.output };
      const test = await runCommand(terraform.path, ["test", "-no-color"], options);
      return countSummary(test.ok, test.output);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Reads "Success! 12 passed, 0 failed." or "Failure! 3 passed, 1 failed, 2 skipped." */
export function countSummary(ok: boolean, output: string): StepResult {
  const summary = output.split("\n").findLast((line) => /^(Success|Failure)! /.test(line)) ?? "";
  const count = (word: string) => Number(summary.match(new RegExp(`(\\d+) ${word}`))?.[1] ?? 0);
  const failed = count("failed");
  return {
    passed: count("passed"),
    failed: ok ? failed : Math.max(failed, 1),
    skipped: count("skipped"),
    output,
  };
}
