import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AgentApiClient, createAgentApiClient } from "../../src/agentapi/client.ts";
import { firstAnswer, until } from "../../src/agentapi/wait.ts";
import { freePort } from "../support/free-port.ts";

const fixtureAgent = fileURLToPath(new URL("fixture-agent.mjs", import.meta.url));

export interface ServerOptions {
  /** Path of the `agentapi` to run. */
  binary: string;
  flags?: string[];
  env?: Record<string, string>;
  /** Piped to the server; AgentAPI takes it as the first prompt. */
  stdin?: string;
  /** In place of the fixture agent. */
  agent?: string[];
  /** A free one unless given. */
  port?: number;
}

export interface Server {
  client: AgentApiClient;
  process: ChildProcess;
  port: number;
  /** Temporary working directory of server and agent; removed by `dispose`. */
  folder: string;
  /** Everything the agent was typed. */
  received(): Promise<string>;
  agentPid(): Promise<number>;
  stderr(): string;
  /** Resolves with the exit code, or the signal's name. */
  ended: Promise<number | string>;
  dispose(): Promise<void>;
}

/** Spawns a server for the fixture agent; does not wait for its first answer. */
export async function spawnServer(options: ServerOptions): Promise<Server> {
  const { binary, flags = [], env = {}, stdin = "", agent = [process.execPath, fixtureAgent] } = options;
  const folder = await mkdtemp(join(tmpdir(), "agentapi-contract-"));
  const port = options.port ?? (await freePort());
  const log = join(folder, "received");
  const terminal = ["--term-width", "67", "--term-height", "200"];
  const args = ["server", "--type", "amp", "--port", `${port}`, ...terminal, ...flags, "--", ...agent];
  const child = spawn(binary, args, {
    cwd: folder,
    env: { ...process.env, TMPDIR: folder, FIXTURE_LOG: log, ...env },
    detached: true,
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  child.stdout.resume();
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  const ended = new Promise<number | string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  return {
    client: createAgentApiClient({ baseUrl: `http://127.0.0.1:${port}` }),
    process: child,
    port,
    folder,
    received: () => readFile(log, "utf8").catch(() => ""),
    agentPid: async () => pidIn(await readFile(`${log}.pid`, "utf8")),
    stderr: () => stderr,
    ended,
    async dispose() {
      // Killed, not asked to end: AgentAPI would wait for the test's own open connections. An agent on a pseudo
      // terminal hangs up with it.
      const { pid } = child;
      const isRunning = child.exitCode === null && child.signalCode === null;
      if (pid !== undefined && isRunning) process.kill(-pidIn(`${pid}`), "SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Spawns a server and waits until its agent is `stable`. */
export async function startStableServer(options: ServerOptions): Promise<Server> {
  const server = await spawnServer(options);
  await firstAnswer(server.client, { timeoutMs: 30_000 });
  await stable(server.client);
  return server;
}

/** Waits until the agent waits for input. */
export async function stable(client: AgentApiClient): Promise<void> {
  await until(client, (event) => event.event === "status_change" && event.data.status === "stable", {
    timeoutMs: 12_000,
  });
}

/** Waits for a user message in the conversation. */
export async function userMessage(client: AgentApiClient): Promise<void> {
  await until(client, (event) => event.event === "message_update" && event.data.role === "user", {
    timeoutMs: 12_000,
  });
}

/** Never 0 or less: to signal that would end the tests themselves. */
function pidIn(text: string): number {
  const pid = Number(text);
  if (!Number.isInteger(pid) || pid <= 1) throw new Error(`not a process id: ${text}`);
  return pid;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
