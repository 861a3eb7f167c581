/**
 * `npm run demo [-- "prompt"] [--keep]`: the module from its variables to an agent that answers.
 *
 * Applies the module with real Terraform, runs its script as the Coder agent does in a temporary home, and prints
 * the conversation. Ends after the answer; on a terminal, or with --keep, it stays until Ctrl-C. Exit code 0 only
 * where the prompt was answered.
 */
import { parseArgs } from "node:util";
import { findRealAmp, whyNoRealAmp } from "./amp.ts";
import { followUntilAnswered } from "./demo/conversation.ts";
import { createPrinter } from "./demo/printer.ts";
import { describeParts, prepareParts } from "./parts.ts";
import { isReachable } from "./reachable.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

const defaultPrompt = "Say hello, and tell me which folder you work in.";
const answerTimeoutMs = 300_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: "boolean", default: false } },
});
const prompt = positionals.join(" ") || defaultPrompt;
const print = createPrinter();
const stop = new AbortController();
let workspace: Workspace | undefined;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => stop.abort(new Error(`ended by ${signal}`)));
}

try {
  await demonstrate();
  process.exitCode = 0;
  if (values.keep || process.stdin.isTTY) await untilCtrlC();
} catch (error) {
  print.failed((error as Error).message);
  await showLogs();
  process.exitCode = 1;
} finally {
  if (workspace) {
    print.step("Cleaning up");
    await workspace.dispose();
    print.done("Every process ended, every file removed");
  }
}

async function demonstrate(): Promise<void> {
  print.step("Looking for Terraform, the coder provider, AgentAPI and Amp (the first time they are built)");
  const parts = await prepareParts(["terraform", "coder provider", "agentapi", "amp"]);
  print.done("Parts");
  print.detail(describeParts(parts));
  const { isReal: isRealAmp, why } = await chooseAmp();
  print.done(isRealAmp ? "Amp: the real one" : `Amp: a stand-in that echoes, because ${why}`);
  stop.signal.throwIfAborted();

  print.step("Applying the module");
  workspace = await createWorkspace({
    amp: isRealAmp ? "real" : "stand-in",
    asInProduct: true,
    variables: {
      ai_prompt: prompt,
      ...(isRealAmp && { amp_api_key: process.env["AMP_API_KEY"] ?? "" }),
      ...(isRealAmp && process.env["AMP_URL"] && { amp_url: process.env["AMP_URL"] }),
    },
  });
  const kib = (Buffer.byteLength(workspace.scripts.start) / 1024).toFixed(1);
  print.done(`Applied: ${Object.keys(workspace.plan).length} resources, start script of ${kib} KiB`);
  stop.signal.throwIfAborted();

  print.step("Running the start script as the Coder agent does");
  const result = await workspace.start({ onOutput: print.detail, timeoutMs: 300_000 });
  if (result.exitCode !== 0) throw new Error(`The start script failed with exit code ${result.exitCode}.`);
  print.done(`Started in ${(result.durationMs / 1000).toFixed(1)} s`);
  print.detail(
    [
      `Chat: ${workspace.url}/chat/embed`,
      `Logs: ${workspace.moduleDir}/install.log`,
      `      ${workspace.moduleDir}/agentapi-start.log`,
    ].join("\n"),
  );

  print.step("The conversation");
  const speakers: Record<string, string> = { user: "You", agent: isRealAmp ? "Amp" : "Amp (stand-in)" };
  await followUntilAnswered(workspace.client, {
    onMessage: (role, text) => print.message(speakers[role] ?? role, text),
    signal: AbortSignal.any([stop.signal, AbortSignal.timeout(answerTimeoutMs)]),
  });
  print.done("The prompt was answered");
}

/** The real Amp needs a key and its server; the stand-in needs neither. */
async function chooseAmp(): Promise<{ isReal: boolean; why: string }> {
  if (!process.env["AMP_API_KEY"]) return { isReal: false, why: "AMP_API_KEY is not set" };
  const url = process.env["AMP_URL"] ?? "https://ampcode.com/";
  if (!(await isReachable(url))) return { isReal: false, why: `${url} is not reachable` };
  if (!(await findRealAmp()))
    return { isReal: false, why: `npm did not give the real one (${whyNoRealAmp()})` };
  return { isReal: true, why: "" };
}

async function untilCtrlC(): Promise<void> {
  print.step("Still running; Ctrl-C ends it and cleans up");
  // A pending promise alone does not keep Node alive.
  const alive = setInterval(() => {}, 60_000);
  if (!stop.signal.aborted) {
    await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
  }
  clearInterval(alive);
}

async function showLogs(): Promise<void> {
  if (!workspace || stop.signal.aborted) return;
  for (const name of ["install", "agentapi-start"]) {
    const log = await workspace.log(name);
    if (log) print.detail(`${name}.log, its last lines:\n${log.trimEnd().split("\n").slice(-15).join("\n")}`);
  }
}
