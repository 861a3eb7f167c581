import { readFileSync } from "node:fs";
import { ModuleError } from "../base/errors.ts";
import { statFields } from "../base/process-identity.ts";

/** What Amp puts into the environment of what it starts. */
const OF_AMP = /^(AGENT=amp$|AGENT_THREAD_ID=|AGENT_TOOL_NAME=|AMP_THREAD_ID=|AMP_CURRENT_THREAD_ID=)/;
/** A chain of parents is never longer. */
const MOST_PARENTS = 64;

export interface Caller {
  pid: number;
  isTerminal: boolean;
  env: NodeJS.ProcessEnv;
}

/**
 * Refuses to take an answer from Amp's own tools: from a process without a terminal, one that descends from an Amp or from
 * AgentAPI, or has the environment of one. This keeps a model from answering its own question by the command that it
 * reads of; a program that sets out to deceive, as the same user, is not kept from anything by it.
 *
 * @throws ModuleError
 */
export function refuseTools({ pid, isTerminal, env }: Caller): void {
  const own = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const isTool = own.some((entry) => OF_AMP.test(entry)) || ancestors(pid).some(isOfAmp);
  if (!isTool && isTerminal) return;
  throw new ModuleError(
    isTool
      ? "This was called by Amp, or by a program that Amp started: it may not answer its own questions."
      : "An answer is taken from a person at a terminal only, and there is none.",
    "Run it in a terminal of the workspace that you opened yourself.",
  );
}

function ancestors(pid: number): number[] {
  const chain: number[] = [];
  for (let at = pid; at > 1 && chain.length < MOST_PARENTS; ) {
    // After the name: state, parent.
    at = Number(statFields(at)[1] ?? 0);
    if (at > 1) chain.push(at);
  }
  return chain;
}

function isOfAmp(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1")
      .split("\0")
      .some((entry) => OF_AMP.test(entry));
  } catch {
    return false;
  }
}
