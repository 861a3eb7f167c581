import { basename } from "node:path";
import { statFields } from "../../../src/base/process-identity.ts";
import type { ProcessInfo } from "../processes.ts";
import type { Site } from "./site.ts";

/** `agent` is what AgentAPI runs: Amp, or the stream agent, whose Amp of the moment is `amp`. */
export type Role = "cli" | "supervisor" | "agentapi" | "agent" | "amp";

export const ROLES: readonly Role[] = ["cli", "supervisor", "agentapi", "agent", "amp"];

/** The processes of an instance by what they are. */
export async function processTree(site: Site): Promise<Record<Role, number[]>> {
  const all = await site.processes();
  const own = new Set((await site.own()).map(({ pid }) => pid));
  const pids = (is: (process: ProcessInfo) => boolean) => all.filter(is).map(({ pid }) => pid);
  const ours = ({ pid }: ProcessInfo) => own.has(pid);
  const agentapi = pids((process) => ours(process) && basename(process.exe) === "agentapi");
  const cli = `${site.moduleDir}/bin/amp-module.br85 start`;
  return {
    cli: pids(({ cmdline }) => cmdline.includes(cli)),
    // What it runs in the background has its command line and another session's leader.
    supervisor: pids(
      (process) =>
        ours(process) &&
        process.cmdline.includes("/supervisor.sh ") &&
        leads(process.pid) &&
        !isServer(process),
    ),
    agentapi,
    agent: pids((process) => ours(process) && agentapi.includes(parentOf(process.pid))),
    amp: pids((process) => ours(process) && / --execute\b/.test(process.cmdline)),
  };
}

/** Sends a signal, to a process group for a negative number. @returns whether anybody got it */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

function isServer({ exe }: ProcessInfo): boolean {
  return basename(exe) === "agentapi";
}

function leads(pid: number): boolean {
  return Number(statFields(pid)[3]) === pid;
}

function parentOf(pid: number): number {
  return Number(statFields(pid)[1]);
}
