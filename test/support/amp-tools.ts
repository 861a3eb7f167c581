import { randomUUID } from "node:crypto";
import type { WebSocket } from "ws";

/** What the model of the stand-in server wants to be called. */
export interface Tool {
  name: string;
  args: Record<string, unknown>;
}

/** A call of it. */
export interface Call extends Tool {
  id: string;
}

/** How a call went, as Amp tells it: `done` with a `result`, `error`, `rejected-by-user`, … */
export type Run = { status: string; [field: string]: unknown };

/** Amp's tool for shell commands; it takes rules for `Bash` for this one, too. */
const SHELL = "shell_command";

const id = (kind: string) => `${kind}-${randomUUID().replaceAll("-", "").slice(0, 22)}`;

export function newMessage(): string {
  return id("M");
}

/** The calls that a message asks for, one for each line `run: COMMAND`; all of them are made at once. */
export function callsIn(said: string): Call[] {
  return said.split("\n").flatMap((line) => {
    const command = line.match(/^run: (.+)/)?.[1];
    return command === undefined ? [] : [callOf({ name: SHELL, args: { command } })];
  });
}

export function callOf(tool: Tool): Call {
  return { id: id("TU"), ...tool };
}

/** The calls as the model's message. */
export function toolUses(messageId: string, calls: readonly Call[]): object {
  const content = calls.map(({ id, name, args }) => ({
    ...{ type: "tool_use", id, name, complete: true },
    input: args,
  }));
  return { role: "assistant", content, state: { type: "complete", stopReason: "tool_use" }, messageId };
}

/** What the calls gave, as the message that the model gets. */
export function resultMessage(calls: readonly Call[], runs: readonly Run[]): object {
  const content = calls.map((call, index) => ({
    type: "tool_result",
    toolUseID: call.id,
    run: runs[index],
  }));
  return { role: "user", content, messageId: newMessage() };
}

/** The model's last word about its calls. */
export function summaryOf(calls: readonly Call[], runs: readonly Run[]): string {
  return calls
    .map(({ name, args }, index) => `${args["command"] ?? name}: ${JSON.stringify(runs[index])}`)
    .join("\n");
}

interface Lease {
  peer: WebSocket;
  settle: (run: Run | undefined) => void;
}

/** Calls that an Amp process has been given and has not finished. */
export class Leases {
  readonly #open = new Map<string, Lease>();

  /** Gives calls to Amp. @returns how they went, undefined if Amp has gone before it said */
  async make(peer: WebSocket, messageId: string, calls: readonly Call[]): Promise<Run[] | undefined> {
    const runs = calls.map((call) => {
      const run = new Promise<Run | undefined>((settle) => this.#open.set(call.id, { peer, settle }));
      const params = { toolCallId: call.id, toolName: call.name, args: call.args, messageId };
      peer.send(JSON.stringify({ jsonrpc: "2.0", method: "tool_lease", params }));
      return run;
    });
    const settled = await Promise.all(runs);
    const all = settled.filter((run) => run !== undefined);
    return all.length === calls.length ? all : undefined;
  }

  /** Takes Amp's word about a call. */
  settle({ toolCallId, run }: Record<string, unknown>): void {
    const lease = this.#open.get(String(toolCallId));
    this.#open.delete(String(toolCallId));
    lease?.peer.send(
      JSON.stringify({ jsonrpc: "2.0", method: "executor_tool_result_ack", params: { toolCallId } }),
    );
    lease?.settle(run as Run);
  }

  /** An Amp process has gone. */
  forget(peer: WebSocket): void {
    for (const [toolCallId, lease] of this.#open) {
      if (lease.peer !== peer) continue;
      this.#open.delete(toolCallId);
      lease.settle(undefined);
    }
  }
}
