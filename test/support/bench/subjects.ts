import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { startAmpServer } from "../amp-server.ts";
import { createWorkspace, type Workspace } from "../workspace.ts";

/** A start script in a workspace of its own. */
export interface Subject {
  name: "ours" | "baseline";
  workspace: Workspace;
  script: string;
  /** Ends what the script has started; nothing of it is timed. */
  clear: () => Promise<void>;
  dispose: () => Promise<void>;
}

/** This module's script, and with BASELINE_SCRIPT the one in that file, which must use BASELINE_PORT (3284 unless given). */
export async function subjects(isReal: boolean, env: NodeJS.ProcessEnv): Promise<Subject[]> {
  const ours = await subject("ours", isReal);
  const { BASELINE_SCRIPT: file, BASELINE_PORT: port = "3284" } = env;
  if (!file) return [ours];
  return [
    ours,
    await subject("baseline", isReal, { script: readFileSync(file, "utf8"), port: Number(port) }),
  ];
}

async function subject(
  name: Subject["name"],
  isReal: boolean,
  other?: { script: string; port: number },
): Promise<Subject> {
  const ampServer = isReal ? await startAmpServer() : undefined;
  const workspace = await createWorkspace({
    variables: { ...(other && { agentapi_port: other.port }) },
    asInProduct: true,
    ...(ampServer && { ampServer }),
  });
  const clear = async () => {
    if (name === "ours") await workspace.stop();
    for (const { pid } of await workspace.processes()) kill(pid);
    while ((await workspace.processes()).length > 0 || (await listens(workspace.port))) await sleep(10);
  };
  return {
    name,
    workspace,
    script: other?.script ?? workspace.scripts.start,
    clear,
    async dispose() {
      await workspace.dispose();
      await ampServer?.close();
    },
  };
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
