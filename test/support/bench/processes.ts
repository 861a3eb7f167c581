import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findTool } from "../find-tool.ts";
import { runAsAgent } from "../run-script.ts";
import type { Workspace } from "../workspace.ts";
import type { Subject } from "./subjects.ts";

/** How many processes a script starts, what it leaves running included; undefined without strace. */
export async function startedProcesses({
  workspace: ws,
  script,
  clear,
}: Subject): Promise<number | undefined> {
  const strace = await findTool("strace");
  if (strace === undefined || !canTrace(strace)) return undefined;
  const trace = join(ws.root, "trace");
  const ended = join(ws.root, "ended");
  const args = ["-f", "-qq", "-e", "trace=clone,clone3,fork,vfork", "-e", "signal=none", "-o", trace];
  const telling = '"$@"; echo "$?" >"$BENCH_ENDED"';
  const traced = runAsAgent([strace, ...args, "bash", "-c", telling, "-", "bash", "-c", script], {
    cwd: ws.home,
    env: { ...ws.env, BENCH_ENDED: ended },
  });
  // strace ends with the last that it follows, and the supervisor stays.
  traced.catch(() => {});
  while (!existsSync(ended)) await Promise.race([sleep(50), traced]);
  await clear();
  await traced;
  const status = readFileSync(ended, "utf8");
  rmSync(ended);
  if (status !== "0\n") throw new Error(`a traced script failed with ${status}`);
  const calls = readFileSync(trace, "utf8").split("\n");
  rmSync(trace);
  return calls.filter(
    (line) => /\) += [1-9]\d*$|resumed>.* = [1-9]\d*$/.test(line) && !/CLONE_THREAD/.test(line),
  ).length;
}

function canTrace(strace: string): boolean {
  try {
    execFileSync(strace, ["-qq", "-o", "/dev/null", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * Proportional set size, in KiB, of the module's own processes: all but AgentAPI, Amp and what Amp has started. In the
 * stream transport that is its agent, too.
 */
export async function residentKib(ws: Workspace): Promise<number> {
  const own = (await ws.processes()).filter(({ cmdline }) =>
    /^\/bin\/sh .*supervisor\.sh|^sleep |loader\.cjs /.test(cmdline),
  );
  const sizes = own.map(
    ({ pid }) => readFileSync(`/proc/${pid}/smaps_rollup`, "utf8").match(/^Pss:\s+(\d+)/m)?.[1],
  );
  return sizes.reduce((sum, size) => sum + Number(size ?? 0), 0);
}
