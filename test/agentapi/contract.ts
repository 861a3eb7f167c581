import { setTimeout as sleep } from "node:timers/promises";
import { describe, it, type TestContext } from "vitest";
import type { AgentApiEvent } from "../../src/agentapi/events.ts";
import { firstAnswer } from "../../src/agentapi/wait.ts";
import { findAgentApi, standInAgentApi } from "../support/agentapi.ts";
import { type Server, type ServerOptions, spawnServer, startStableServer } from "./server.ts";

// The same assertions on the stand-in and on the real one: what the other tests take the stand-in for is true.

const found = await findAgentApi();

/** The stand-in, and the real one where it can be had. */
export const implementations = [{ name: "stand-in", binary: standInAgentApi }];
if (found.real) implementations.push({ name: `real ${found.version}`, binary: found.path });

/** A visible line where the real one is missing. */
export function tellWhatIsLeftOut(): void {
  if (found.real) return;
  describe("AgentAPI contract", () => {
    it("LEFT OUT for the real AgentAPI: only the stand-in was tested", ({ skip }) => {
      console.warn("AgentAPI contract: no real `agentapi` can be had here, only the stand-in was tested");
      skip("no real agentapi");
    });
  });
}

export type Options = Omit<ServerOptions, "binary">;

/** Servers of one implementation; each ends with its test. */
export function serversOf(binary: string) {
  return {
    start: (context: TestContext, options: Options = {}) =>
      disposed(context, startStableServer({ binary, ...options })),
    launch: (context: TestContext, options: Options = {}) =>
      disposed(context, spawnServer({ binary, ...options })),
  };
}

/** Ends the server with the test, and only then forgets it. */
async function disposed(context: TestContext, starting: Promise<Server>): Promise<Server> {
  const server = await starting;
  context.onTestFinished(server.dispose);
  return server;
}

/** Waits for the first answer of a server that was just spawned. */
export async function launched(spawning: Promise<Server>): Promise<Server> {
  const server = await spawning;
  await firstAnswer(server.client, { timeoutMs: 30_000 });
  return server;
}

/** What a message says now; nothing for other events. */
export function textOf(event: AgentApiEvent): string {
  return event.event === "message_update" ? event.data.message : "";
}

export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 8_000; !(await condition()); await sleep(25)) {
    if (Date.now() > end) throw new Error(`still not so after 8 s: ${condition}`);
  }
}
