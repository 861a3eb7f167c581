import { join } from "node:path";
import { shellCommand, shellNames } from "../shells.ts";
import { moduleRoot } from "../terraform.ts";
import { addUp, leaveOut, runCommand, type Step, type StepResult } from "./step.ts";

/**
 * The bats files once under each shell. They find the shell's command in AMP_TEST_SHELL ("dash",
 * "busybox sh": words separated by spaces) and the bats libraries through `bats_load_library`.
 */
export const batsSteps: Step[] = shellNames.map((name) => ({
  name: `bats (${name})`,
  run: async () => {
    const command = await shellCommand(name);
    if (!command) return leaveOut(`bats under ${name}: not on PATH`);
    const { ok, output } = await runCommand(
      join(moduleRoot, "node_modules/bats/bin/bats"),
      ["--tap", "--recursive", "test/bats"],
      {
        env: {
          AMP_TEST_SHELL: command.slice(0, -1).join(" "),
          BATS_LIB_PATH: join(moduleRoot, "node_modules"),
        },
      },
    );
    return addUp([countTap(ok, output)]);
  },
}));

/** Counts the lines of a TAP report. One that ended badly with no failed test counts as one failure. */
export function countTap(ok: boolean, output: string): StepResult {
  const lines = output.split("\n");
  const skipped = lines.filter((line) => /^ok \d+ .*# skip/i.test(line)).length;
  const passed = lines.filter((line) => /^ok \d+ /.test(line)).length - skipped;
  const failed = lines.filter((line) => /^not ok \d+ /.test(line)).length;
  return { passed, failed: ok ? failed : Math.max(failed, 1), skipped, output };
}
