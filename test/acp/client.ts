import { type ChildProcess, spawn } from "node:child_process";
import { Readable, Writable } from "node:stream";
import {
  type ClientContext,
  client,
  type InitializeResponse,
  methods,
  ndJsonStream,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";
import { onTestFinished } from "vitest";
import { SCRIPTED_AMP, type Scripted, scripted } from "../amp/scripted.ts";

export type Consent = (
  request: RequestPermissionRequest,
) => RequestPermissionResponse["outcome"] | Promise<RequestPermissionResponse["outcome"]>;

export interface Connected {
  at: Scripted;
  agent: ClientContext;
  initialized: InitializeResponse;
  updates: SessionUpdate[];
  process: ChildProcess;
  stderr(): string;
}

interface Setup {
  args?: string[];
  consent?: Consent;
  at?: Scripted;
  /** Command that runs the bundle. */
  runtime?: string[];
  /** Introduce the client as AgentAPI does: not at all. */
  isNameless?: boolean;
}

/** The agent in a process of its own, and a client of the official SDK connected to it. */
export async function connect(bundle: string, scenario: string, setup: Setup = {}): Promise<Connected> {
  const at = setup.at ?? (await scripted(scenario));
  const [program = "node", ...flags] = setup.runtime ?? [];
  const child = spawn(program, [...flags, bundle, ...(setup.args ?? [])], {
    cwd: at.home,
    env: { ...process.env, XDG_STATE_HOME: "", AMP_CLI_PATH: SCRIPTED_AMP, ...at.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const updates: SessionUpdate[] = [];
  const connection = client({ name: "test" })
    .onNotification(methods.client.session.update, ({ params }) => {
      updates.push(params.update);
    })
    .onRequest(methods.client.session.requestPermission, async ({ params }) => ({
      outcome: (await setup.consent?.(params)) ?? { outcome: "cancelled" },
    }))
    .connect(
      ndJsonStream(
        Writable.toWeb(child.stdin) as WritableStream<Uint8Array>,
        Readable.toWeb(child.stdout) as ReadableStream<Uint8Array>,
      ),
    );
  onTestFinished(async () => {
    connection.close();
    child.stdin.destroy();
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await new Promise((resolve) => child.once("exit", resolve));
    }
  });
  const initialized = await connection.agent.request(methods.agent.initialize, {
    protocolVersion: 1,
    ...(!setup.isNameless && {
      clientInfo: { name: "test", version: "1" },
      clientCapabilities: { fs: { readTextFile: true } },
    }),
  });
  return { at, agent: connection.agent, initialized, updates, process: child, stderr: () => stderr };
}

/** All text of one kind of chunk. */
export function textOf(updates: readonly SessionUpdate[], kind = "agent_message_chunk"): string {
  return updates
    .flatMap((update) =>
      update.sessionUpdate === kind &&
      "content" in update &&
      !Array.isArray(update.content) &&
      update.content?.type === "text"
        ? update.content.text
        : [],
    )
    .join("");
}
