import { spawn } from "node:child_process";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { runAsAgent } from "../run-script.ts";
import type { Workspace } from "../workspace.ts";
import { answered } from "./answered.ts";
import { cpuMeter } from "./cpu-meter.ts";
import type { Figures } from "./sample.ts";

/** What no start can go below: the runtime's own, and AgentAPI's. */
export async function floor(ws: Workspace): Promise<Figures> {
  const runtime = await bareRuntime(ws);
  const server = await bareServer(ws);
  return {
    runtime: runtime.ms,
    floor: runtime.ms + server.ms,
    ...(runtime.cpu !== undefined &&
      server.cpu !== undefined && { "floor cpu": runtime.cpu + server.cpu, "runtime cpu": runtime.cpu }),
  };
}

interface Cost {
  ms: number;
  cpu: number | undefined;
}

/** `node -e 0`. */
export async function bareRuntime({ root, env }: Workspace): Promise<Cost> {
  const meter = cpuMeter();
  const { durationMs } = await runAsAgent([...(meter?.prefix ?? []), "node", "-e", "0"], { cwd: root, env });
  const cpu = meter?.read();
  meter?.close();
  return { ms: durationMs, cpu };
}

/** `agentapi server` with nothing to do, until its first answer. */
export async function bareServer({ root, env }: Workspace, more: readonly string[] = []): Promise<Cost> {
  const port = await freePort();
  const meter = cpuMeter();
  const [file = "", ...args] = [
    ...(meter?.prefix ?? []),
    ...[join(root, "bin", "agentapi"), "server", "--type", "amp", "--port", String(port), ...more],
    ...["--", "sleep", "60"],
  ];
  const begin = performance.now();
  const child = spawn(file, args, { env, stdio: "ignore", detached: true });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    await answered(port);
    return { ms: performance.now() - begin, cpu: meter?.read() };
  } finally {
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await ended;
    closeLater(meter);
  }
}

/** What was below the process may take a moment to go, and the group with it. */
export function closeLater(meter: { close: () => void } | undefined, tries = 50): void {
  try {
    meter?.close();
  } catch {
    if (tries > 0) setTimeout(() => closeLater(meter, tries - 1), 100).unref();
  }
}
