import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { type AgentApiClient, createAgentApiClient } from "../../src/agentapi/client.ts";
import { firstAnswer } from "../../src/agentapi/wait.ts";
import { SCRIPTED_AMP, type Scripted, scripted } from "../amp/scripted.ts";
import { freePort } from "../support/free-port.ts";

/** The agent under the real AgentAPI. */
export interface Running {
  at: Scripted;
  client: AgentApiClient;
  process: ChildProcess;
  log(): string;
  /** The agent's process, AgentAPI's child. */
  agentPid(): number;
}

/** Starts AgentAPI with the agent in `bundle`, in the home of `at`. */
export async function startAgentApi(
  agentapi: string,
  bundle: string,
  scenario: string,
  args: string[] = [],
  at?: Scripted,
  amp = SCRIPTED_AMP,
  flags: string[] = [],
): Promise<Running> {
  const home = at ?? (await scripted(scenario));
  const port = await freePort();
  const server = ["server", "--type", "amp", "--experimental-acp", "--port", String(port), ...flags, "--"];
  const agent = [
    "node",
    bundle,
    "--thread-file",
    join(home.home, "thread.json"),
    "--agentapi-url",
    `http://127.0.0.1:${port}`,
    ...args,
  ];
  const child = spawn(agentapi, [...server, ...agent], {
    cwd: home.home,
    env: {
      ...process.env,
      ...home.env,
      AMP_CLI_PATH: amp,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (log += chunk));
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
  });
  const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${port}` });
  await firstAnswer(client, { timeoutMs: 30_000 });
  return {
    at: home,
    client,
    process: child,
    log: () => log,
    agentPid() {
      // The kernel keeps children by the thread that made them.
      const threads = readdirSync(`/proc/${child.pid}/task`);
      const made = threads.map((id) => readFileSync(`/proc/${child.pid}/task/${id}/children`, "utf8").trim());
      return Number(made.find((pids) => pids !== "")?.split(" ")[0]);
    },
  };
}

/** Sends a message. @returns what the chat shows as its reply */
export async function ask({ client }: Running, content: string): Promise<string> {
  await client.sendMessage({ type: "user", content }, { timeoutMs: 30_000 });
  while ((await client.status()).status !== "stable") await sleep(5);
  const last = (await client.messages()).at(-1);
  expect(last?.role).toBe("agent");
  return last?.content ?? "";
}
