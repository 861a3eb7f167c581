import { existsSync, readFileSync } from "node:fs";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { ModuleError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { run } from "../base/run.ts";
import type { Context } from "../context.ts";

const TIMEOUT_MS = 60 * 60_000;

/**
 * Runs the script `$0`, through sh, since one without a first line naming its interpreter must run too. What it leaves
 * in the background would die of SIGPIPE at its first line after we have gone: so its output goes through a `cat` of its
 * own, in whose place another one reads on when that one can no longer write to us. If there are no FIFOs, directly.
 */
const RELAYED = `
if mkfifo -m 600 "$0.$$.tmp" 2>/dev/null; then
  { cat; exec cat >/dev/null; } <"$0.$$.tmp" 2>/dev/null &
  exec >"$0.$$.tmp" 2>&1
  rm -f "$0.$$.tmp"
fi
exec "$0"`;

/**
 * Runs `pre_install_script` or `post_install_script` if the template has one; its output goes to a log of its own.
 *
 * @throws ModuleError if it fails
 * @returns whether it was run
 */
export async function runUserScript(
  name: "pre_install_script" | "post_install_script",
  context: Context,
  log: Log,
): Promise<boolean> {
  const { paths, env } = context;
  const { script, log: path } = name === "pre_install_script" ? paths.preInstall : paths.postInstall;
  if (!existsSync(script)) return false;
  if (takeOffCarriageReturns(script)) {
    log.warn(
      `${name}: its lines end in CRLF, which no interpreter takes: it is run without the carriage returns. ` +
        "Save the template's file with LF.",
    );
  }
  if (name === "pre_install_script" && env["AMP_MODULE_PRE_INSTALL_DONE"]) {
    log.info(`${name}: already run, before there was a JavaScript runtime; its output is in ${path}.`);
    return false;
  }
  log.info(`${name}: running, its output goes to ${path}.`);
  const own = context.openLog(path, { rotate: true, quiet: true, level: "debug" });
  try {
    const { exitCode, failure, output } = await run("/bin/sh", ["-c", RELAYED, script], {
      env,
      redact: context.redact,
      cwd: paths.home,
      timeoutMs: TIMEOUT_MS,
      onLine: (line) => own.info(line),
    });
    if (exitCode === 0) return true;
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
