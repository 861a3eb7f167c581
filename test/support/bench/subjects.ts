import { readFileSync } from "node:fs";
import { rm, symlink } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tinyAmp, wanted, writeProgram } from "../../install-faults/programs.ts";
import { startAmpServer } from "../amp-server.ts";
import { findTool } from "../find-tool.ts";
import { createWorkspace, type Workspace, type WorkspaceOptions } from "../workspace.ts";

/** A start script in a workspace of its own. */
export interface Subject {
  name: "ours" | "baseline";
  workspace: Workspace;
  script: string;
  /** Ends what the script has started; nothing of it is timed. */
  clear: () => Promise<void>;
  dispose: () => Promise<void>;
}

/** Which Amp the workspaces have: a few lines of shell that draw an input box and cost nothing, or the real one. */
export type AmpKind = "free" | "real";

/** Everything as in the product: tests shorten the wait for an agent that might die. */
const AS_IN_THE_PRODUCT = { AMP_MODULE_MIN_LIFE_MS: "" };

/**
 * Runs `work` on this module's script and, with BASELINE_SCRIPT, on the one in that file, which must use BASELINE_PORT (3284
 * unless given) and finds its programs installed.
 */
export async function withSubjects<Found>(
  amp: AmpKind,
  work: (ours: Subject, baseline: Subject | undefined) => Promise<Found>,
): Promise<Found> {
  const { BASELINE_SCRIPT: file, BASELINE_PORT: port = "3284" } = process.env;
  const ours = await subject("ours", amp);
  try {
    // What comes with scripts of their own is there from now on.
    await ours.workspace.start();
    await ours.clear();
    if (!file) return await work(ours, undefined);
    const script = readFileSync(file, "utf8");
    const baseline = await subject("baseline", amp, { script, port: Number(port) });
    try {
      return await work(ours, baseline);
    } finally {
      await baseline.dispose();
    }
  } finally {
    await ours.dispose();
  }
}

async function subject(
  name: Subject["name"],
  amp: AmpKind,
  other?: { script: string; port: number },
): Promise<Subject> {
  const ampServer = amp === "real" ? await startAmpServer() : undefined;
  const workspace = await benchWorkspace({
    variables: { ...(other && { agentapi_port: other.port }) },
    ...(ampServer ? { ampServer } : { amp: "none" }),
  });
  if (amp === "free") await placeFreeAmp(workspace.home);
  return {
    name,
    workspace,
    script: other?.script ?? workspace.scripts.start,
    clear: () => clear(workspace, name === "ours"),
    async dispose() {
      await workspace.dispose();
      await ampServer?.close();
    },
  };
}

const open = new Set<Workspace>();

/** For a bench that is ended before its time. */
export async function disposeOpenWorkspaces(): Promise<void> {
  await Promise.allSettled([...open].map((workspace) => workspace.dispose()));
}

/** A workspace as the product has it, waits included, with what another script may need on PATH. */
export async function benchWorkspace(options: WorkspaceOptions = {}): Promise<Workspace> {
  const workspace = await createWorkspace({
    asInProduct: true,
    ...options,
    env: { ...AS_IN_THE_PRODUCT, ...options.env },
  });
  open.add(workspace);
  const jq = await findTool("jq");
  if (jq) await symlink(jq, join(workspace.root, "bin/jq"));
  return workspace;
}

/** Puts an Amp that costs nothing where the official installer puts the real one. */
export async function placeFreeAmp(home: string): Promise<void> {
  await writeProgram(join(home, ".amp/bin/amp"), tinyAmp(wanted));
  await writeProgram(join(home, ".local/bin/amp"), '#!/bin/sh\nexec "$HOME/.amp/bin/amp" "$@"\n');
}

/** Ends everything of a workspace. */
export async function clear(workspace: Workspace, isOurs = true): Promise<void> {
  if (isOurs) await workspace.stop();
  for (const { pid } of await workspace.processes()) kill(pid);
  // AgentAPI refuses to start beside a pid file whose process has not gone yet.
  if (!isOurs) await rm(join(workspace.moduleDir, "agentapi.pid"), { force: true });
  while ((await workspace.processes()).length > 0 || (await listens(workspace.port))) await sleep(10);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
