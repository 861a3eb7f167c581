import { connect } from "node:net";
import { namesIn, targetOf, textIn } from "../base/glance.ts";
import { commandLineOf, livePids } from "../base/process-identity.ts";

/** Whether something accepts connections on a loopback port. */
export function isPortTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.setTimeout(1000);
    const answer = (isTaken: boolean) => {
      socket.destroy();
      resolve(isTaken);
    };
    socket.once("connect", () => answer(true));
    socket.once("timeout", () => answer(true));
    socket.once("error", () => answer(false));
  });
}

/** Who listens on `port`, such as `pid 4711 (nginx: master process)`; vague if another user's process hides it. */
export function describePortHolder(port: number): string {
  const pid = pidListeningOn(port);
  if (pid === undefined) return "a process that this user may not look into";
  // Only the program: its arguments are somebody else's and may hold a secret.
  return `pid ${pid} (${commandLineOf(pid)?.split(" ")[0] || "unknown program"})`;
}

/**
 * Whether somebody listens on a port. Unlike `isPortTaken` it makes no connection, if the system shows its sockets: one
 * that has asked nothing yet would hold up an AgentAPI that ends.
 */
export async function isListenedOn(port: number): Promise<boolean> {
  const tables = socketTables();
  return tables === "" ? isPortTaken(port) : listenersOn(port, tables).length > 0;
}

/** Through the inode of the listening socket: /proc/net/tcp names it, /proc/<pid>/fd shows who has it open (proc(5)). */
function pidListeningOn(port: number): number | undefined {
  const sockets = listenersOn(port, socketTables());
  // Nobody listens: no reason to look through every process.
  if (sockets.length === 0) return undefined;
  return livePids().find((pid) =>
    namesIn(`/proc/${pid}/fd`).some((fd) => sockets.includes(targetOf(`/proc/${pid}/fd/${fd}`))),
  );
}

function socketTables(): string {
  return textIn("/proc/net/tcp") + textIn("/proc/net/tcp6");
}

/** The listening sockets as `/proc/<pid>/fd` shows them. */
function listenersOn(port: number, tables: string): string[] {
  const wantedPort = port.toString(16).toUpperCase().padStart(4, "0");
  return tables
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${wantedPort}`) && state === "0A")
    .map((fields) => `socket:[${fields[9]}]`);
}
