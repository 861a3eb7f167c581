import { existsSync, readFileSync } from "node:fs";
import type { Context } from "../context.ts";
import { ModuleError } from "../errors.ts";
import { writeFileAtomic } from "../system/atomic-file.ts";
import type { Log } from "../system/log.ts";
import { run } from "../system/run.ts";

const TIMEOUT_MS = 60 * 60_000;

/**
 * Runs `pre_install_script` or `post_install_script` where the template has one; its output goes to a log of its own.
 *
 * @throws ModuleError where it fails
 */
export async function runUserScript(
  name: "pre_install_script" | "post_install_script",
  context: Context,
  log: Log,
): Promise<void> {
  const { paths, env } = context;
  const { script, log: path } = name === "pre_install_script" ? paths.preInstall : paths.postInstall;
  if (!existsSync(script)) return;
  if (takeOffCarriageReturns(script)) {
    log.warn(
      `${name}: its lines end in CRLF, which no interpreter takes: it is run without the carriage returns. ` +
        "Save the template's file with LF.",
    );
  }
  if (name === "pre_install_script" && env["AMP_MODULE_PRE_INSTALL_DONE"]) {
    log.info(`${name}: already run, before there was a JavaScript runtime; its output is in ${path}.`);
    return;
  }
  log.info(`${name}: running, its output goes to ${path}.`);
  const own = context.openLog(path, { rotate: true, quiet: true, level: "debug" });
  try {
    // Through sh: a script without a first line naming its interpreter must run too.
    const { exitCode, failure, output } = await run("/bin/sh", ["-c", '"$0"', script], {
      env,
      cwd: paths.home,
      timeoutMs: TIMEOUT_MS,
      onLine: (line) => own.info(line),
    });
    if (exitCode === 0) return;
    throw new ModuleError(
      `${name} failed: ${failure ?? `exit code ${exitCode}`}. Its last lines:\n${lastLines(output)}`,
      `Read ${path} and correct the script.`,
    );
  } finally {
    own.close();
  }
}

/**
 * Makes LF of a script's CRLF. A script that has it further down only has it for a reason.
 *
 * @returns whether there was any
 */
function takeOffCarriageReturns(script: string): boolean {
  // One character for each byte: a script need not be UTF-8.
  const text = readFileSync(script, "latin1");
  if (!/^[^\n]*\r\n/.test(text)) return false;
  writeFileAtomic(script, Buffer.from(text.replace(/\r(\n|$)/g, "$1"), "latin1"));
  return true;
}

function lastLines(output: string): string {
  return output.trimEnd().split("\n").slice(-10).join("\n");
}
