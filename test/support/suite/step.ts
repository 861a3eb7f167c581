import { execa } from "execa";
import { moduleRoot } from "../terraform.ts";

/** What a part of the suite found. */
export interface StepResult {
  passed: number;
  failed: number;
  skipped: number;
  /** Shown in full where something failed, unless it was shown while it ran. */
  output?: string;
  /** What was not run, and why; one line each. */
  leftOut?: string[];
}

/** A part of the suite. */
export interface Step {
  name: string;
  run(): Promise<StepResult>;
}

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Shows the output while it comes. */
  isLive?: boolean;
}

/** A command's end, and its output as it came. */
export async function runCommand(
  file: string,
  args: readonly string[],
  { cwd = moduleRoot, env = {}, isLive = false }: CommandOptions = {},
): Promise<{ ok: boolean; output: string }> {
  const result = await execa(file, [...args], {
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "ignore",
    all: true,
    reject: false,
    preferLocal: true,
    localDir: moduleRoot,
    stdout: isLive ? ["inherit", "pipe"] : "pipe",
    stderr: isLive ? ["inherit", "pipe"] : "pipe",
  });
  const output = result.all || (result.failed ? (result.shortMessage ?? "") : "");
  return { ok: !result.failed, output };
}

/** A check that is one test: it passes where the command exits 0. */
export async function check(
  file: string,
  args: readonly string[],
  options?: CommandOptions,
): Promise<StepResult> {
  const { ok, output } = await runCommand(file, args, options);
  return { passed: Number(ok), failed: Number(!ok), skipped: 0, output };
}

/** A check that could not be made: one skipped test. */
export function leaveOut(reason: string): StepResult {
  return { passed: 0, failed: 0, skipped: 1, leftOut: [reason] };
}

export function addUp(results: readonly StepResult[]): StepResult {
  const sum = (pick: (result: StepResult) => number) =>
    results.reduce((total, item) => total + pick(item), 0);
  return {
    passed: sum((item) => item.passed),
    failed: sum((item) => item.failed),
    skipped: sum((item) => item.skipped),
    output: results
      .filter((item) => item.failed > 0)
      .map((item) => item.output ?? "")
      .join("\n"),
    leftOut: results.flatMap((item) => item.leftOut ?? []),
  };
}
