import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentFlags } from "../acp/options.ts";
import type { AmpProbe } from "../amp/probe.ts";
import { sha256 } from "../base/digest.ts";
import { ModuleError } from "../base/errors.ts";
import { programArguments } from "../base/program.ts";
import { compareVersions } from "../base/version.ts";
import type { Context } from "../context.ts";
import { ampPrefixes } from "../paths.ts";
import type { Command } from "./command.ts";
import { FIRST_WITH_ACP } from "./releases.ts";

/** The stream agent comes with a script of its own, which the Coder agent runs beside the start script. */
const BUNDLE_TIMEOUT_MS = 60_000;

/** The stream agent's command line, and what its environment needs beyond Amp's. */
export interface StreamAgent {
  command: Command;
  env: NodeJS.ProcessEnv;
}

/**
 * The agent of `transport = "stream"`: a program that speaks the Agent Client Protocol to AgentAPI and Amp's stream JSON
 * to Amp, so that nothing depends on a screen.
 *
 * @param thread the Amp thread to continue, or undefined for a new one
 * @throws ModuleError if AgentAPI is too old for it, or the agent does not arrive
 */
export async function streamAgent(
  context: Context,
  amp: AmpProbe,
  agentapiVersion: string,
  thread: string | undefined,
): Promise<StreamAgent> {
  const { config, paths } = context;
  if (compareVersions(agentapiVersion, FIRST_WITH_ACP) < 0) {
    throw new ModuleError(
      `transport is "stream", but AgentAPI ${agentapiVersion} cannot do that; ${FIRST_WITH_ACP} and newer can.`,
      `Set agentapi_version to v${FIRST_WITH_ACP} or newer, or transport = "terminal".`,
    );
  }
  await bundleArrived(paths.acpBundle, config.acp_bundle_sha256);
  const { file, args, env } = runtimeCommand();
  const flags: AgentFlags = {
    "thread-file": paths.thread,
    "state-dir": paths.acpState,
    ask: config.approval_channel,
    "approval-timeout": String(config.approval_timeout),
    "approvals-log": paths.approvalsLog,
    "probe-cache": paths.ampProbe,
    "agentapi-url": `http://127.0.0.1:${config.agentapi_port}`,
    "npm-prefix": ampPrefixes(paths),
    mode: config.mode,
    thread,
    visibility: config.thread_visibility,
    label: config.thread_labels,
  };
  // A new thread has its name in the thread file by the time that the supervisor starts this again.
  const begins = thread === undefined ? ["--continue"] : [];
  return {
    command: {
      file,
      args: [...args, ...programArguments(paths.acpBundle), ...asArguments(flags), ...begins],
    },
    // The Amp that the install chose, whatever else is there.
    env: { ...env, AMP_CLI_PATH: amp.path },
  };
}

/** What is empty is left out. */
function asArguments(flags: AgentFlags): string[] {
  return Object.entries(flags).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((each) => (each === "" ? [] : [`--${name}`, each])),
  );
}

/** This process's own runtime; Amp's Bun is one only while the variable says so, which the agent takes back at once. */
function runtimeCommand(): Command & { env: NodeJS.ProcessEnv } {
  const file = process.execPath;
  if ("Deno" in globalThis) return { file, args: ["run", "--allow-all", "--no-lock", "--quiet"], env: {} };
  const isAmp = "Bun" in globalThis && !basename(file).startsWith("bun");
  return { file, args: [], env: isAmp ? { BUN_BE_BUN: "1" } : {} };
}

async function bundleArrived(path: string, digest: string): Promise<void> {
  const deadline = performance.now() + BUNDLE_TIMEOUT_MS;
  while (!existsSync(path) || sha256(readFileSync(path)) !== digest) {
    if (performance.now() > deadline) {
      throw new ModuleError(
        `The stream agent did not arrive in ${path}: the script "Amp: stream agent" has not run.`,
        'Look at that script in the dashboard, restart the workspace, or set transport = "terminal".',
      );
    }
    await sleep(50);
  }
}
