import { spawn } from "node:child_process";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import type { Workspace } from "../workspace.ts";
import { answered } from "./answered.ts";

/** What nobody can go below: the runtime's own start, and AgentAPI's. */
export async function floor(ws: Workspace): Promise<{ runtime: number; server: number; floor: number }> {
  const runtime = await bareRuntime(ws);
  const server = await bareServer(ws);
  return { runtime, server, floor: runtime + server };
}

async function bareRuntime({ env }: Workspace): Promise<number> {
  const begin = performance.now();
  await new Promise((resolve, reject) => {
    spawn("node", ["-e", "0"], { env, stdio: "ignore" }).once("exit", resolve).once("error", reject);
  });
  return performance.now() - begin;
}

async function bareServer({ root, env }: Workspace): Promise<number> {
  const port = await freePort();
  const args = ["server", "--type", "amp", "--port", String(port), "--", "sleep", "60"];
  const begin = performance.now();
  const child = spawn(join(root, "bin", "agentapi"), args, { env, stdio: "ignore", detached: true });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    await answered(port);
    return performance.now() - begin;
  } finally {
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await ended;
  }
}
