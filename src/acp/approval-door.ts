import { mkdirSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Decision } from "../amp/approval-dialog.ts";
import { reasonOf } from "../base/errors.ts";
import type { OpenQuestion } from "./approvals.ts";

/** In the agent's state folder: where questions are listed and answered from a terminal. */
export const DOOR = "approvals.sock";

export type DoorRequest =
  | { verb: "list" }
  | { verb: "answer"; number?: number | undefined; decision: Decision; reason?: string | undefined };

export type DoorReply = { open: readonly OpenQuestion[]; answered?: OpenQuestion } | { error: string };

/** Opens the door: a socket in a folder that only this user can enter; a line of JSON in, one out. */
export async function openDoor(folder: string, handle: (request: DoorRequest) => DoorReply): Promise<Server> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, DOOR);
  // Of an agent that was killed: there is one agent for a folder.
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (connection) => void answer(connection, handle));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  server.unref();
  return server;
}

async function answer(connection: Socket, handle: (request: DoorRequest) => DoorReply): Promise<void> {
  connection.on("error", () => {});
  try {
    connection.end(JSON.stringify(handle(JSON.parse(await requestOf(connection)) as DoorRequest)));
  } catch (error) {
    connection.end(JSON.stringify({ error: reasonOf(error) }));
  }
}

/** What comes until the other side has said it all; whoever iterates over a socket closes it at its end. */
function requestOf(connection: Socket): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    connection.on("data", (chunk: Buffer) => chunks.push(chunk));
    connection.once("end", () => resolve(Buffer.concat(chunks).toString()));
  });
}
