import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { createWorkspace, type Workspace, type WorkspaceOptions } from "../support/workspace.ts";

/** The workspaces of one test file, and what its tests ask of them again and again. */
export function workspaces() {
  const open: Workspace[] = [];

  async function create(options: WorkspaceOptions = {}): Promise<Workspace> {
    const workspace = await createWorkspace(options);
    open.push(workspace);
    return workspace;
  }

  return {
    create,
    /** The same workspace after its template was changed: same home, same port. */
    changed(earlier: Workspace, options: WorkspaceOptions = {}): Promise<Workspace> {
      const variables = { agentapi_port: earlier.port, ...options.variables };
      return create({ ...options, variables, home: earlier.home });
    },
    /** For `afterEach`. */
    async dispose(): Promise<void> {
      // The last one first: it may live in the first one's home.
      while (open.length > 0) await open.pop()?.dispose();
    },
  };
}

/** Starts, and shows what the script said where it fails. */
export async function started(workspace: Workspace): Promise<Workspace> {
  const result = await workspace.start();
  expect(result.exitCode, result.stdout + result.stderr).toBe(0);
  expect(result.stdoutHeldOpen).toBe(false);
  return workspace;
}

/** The conversation as `role: text`, white space at the ends cut off. */
export async function conversation(workspace: Workspace): Promise<string[]> {
  const messages = await workspace.client.messages();
  return messages.map(({ role, content }) => `${role}: ${content.trim()}`);
}

/** How often a user's message stands in the conversation. */
export async function timesAsked(workspace: Workspace, prompt: string): Promise<number> {
  return (await conversation(workspace)).filter((message) => message === `user: ${prompt}`).length;
}

/** Waits until the agent's answer to a prompt stands in the conversation. */
export async function answered(workspace: Workspace, prompt: string): Promise<void> {
  await expect
    .poll(async () => (await conversation(workspace)).join("\n"), { timeout: 20_000, interval: 100 })
    .toContain(`Echo: ${prompt}`);
}

/** A file of the state directory, "" where there is none. */
export function stateFile(workspace: Workspace, name: string): Promise<string> {
  return readFile(join(workspace.moduleDir, "state", name), "utf8").catch(() => "");
}

/** The pid of AgentAPI itself, not of its supervisor. */
export async function serverPid(workspace: Workspace): Promise<number> {
  return Number(await stateFile(workspace, "agentapi.pid"));
}

export async function supervisorPid(workspace: Workspace): Promise<number> {
  const record = JSON.parse(await stateFile(workspace, "agentapi.json")) as { pid: number };
  return record.pid;
}

/** Ends every process of the workspace at once, as a lost machine does. */
export async function killEverything(workspace: Workspace): Promise<void> {
  for (const { pid } of await workspace.processes()) kill(pid, "SIGKILL");
  await expect.poll(() => workspace.processes()).toEqual([]);
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
