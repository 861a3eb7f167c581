import { setTimeout as sleep } from "node:timers/promises";
import type { AgentApiClient } from "../agentapi/client.ts";
import { asksToInterrupt, readScreen } from "../amp/screen.ts";
import { ModuleError } from "../base/errors.ts";
import { textIn } from "../base/glance.ts";
import { commandLineOf } from "../base/process-identity.ts";
import type { Context } from "../context.ts";
import { familyOf } from "../server/end.ts";
import { isServer } from "../server/process.ts";
import { readRunningServer } from "../server/record.ts";
import type { Server } from "./server.ts";

/** What Amp calls an interruption. */
const ESCAPE = "\u001b";
/** Amp has drawn its answer to a key by then. */
const DRAWN_MS = 1_500;
const LOOK_EVERY_MS = 100;
/** By the kernel's count. */
const SIGUSR2 = 12;

/**
 * Ends what Amp is at work on; the conversation continues. AgentAPI itself has no way to do so.
 *
 * @returns false if Amp is not at work
 * @throws ModuleError if it cannot be asked
 */
export async function cancelTurn(context: Context, { client, status }: Server): Promise<boolean> {
  if (context.config.transport === "stream") {
    if (status.state !== "working") return false;
    askStreamAgent(context);
    return true;
  }
  const screen = readScreen(await screenOf(client));
  const isAtWork = screen.activity !== "" || (screen.kind !== "input" && status.state === "working");
  if (!isAtWork) return false;
  await client.sendMessage({ type: "raw", content: ESCAPE });
  // Since 2026 Amp asks for the key a second time.
  for (let waited = 0; waited < DRAWN_MS; waited += LOOK_EVERY_MS) {
    await sleep(LOOK_EVERY_MS);
    if (!asksToInterrupt(await screenOf(client))) continue;
    await client.sendMessage({ type: "raw", content: ESCAPE });
    break;
  }
  return true;
}

async function screenOf(client: AgentApiClient): Promise<string> {
  for await (const text of client.screens({ idleTimeoutMs: DRAWN_MS })) return text;
  return "";
}

/** The module's own agent takes a signal for it. */
function askStreamAgent({ paths }: Context): void {
  const running = readRunningServer(paths.running);
  const agents = (running ? familyOf([running]) : []).filter(
    ({ pid }) =>
      !isServer(pid) && commandLineOf(pid)?.includes(` ${paths.acpBundle} --thread-file `) && catches(pid),
  );
  if (agents.length === 0) {
    throw new ModuleError(
      "The stream agent that could cancel the turn was not found, or is one of an older module.",
      "Run `amp-module stop`, then `amp-module start`: the thread continues.",
    );
  }
  for (const { pid } of agents) process.kill(pid, "SIGUSR2");
}

/** Who does not expect the signal would be ended by it (proc(5): SigCgt). */
function catches(pid: number): boolean {
  if (process.platform !== "linux") return true;
  const mask = textIn(`/proc/${pid}/status`).match(/^SigCgt:\s*([0-9a-f]+)$/m)?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(SIGUSR2 - 1)) & 1n) === 1n;
}
