import { connect } from "node:net";
import { namesIn, targetOf, textIn } from "../system/glance.ts";
import { commandLineOf } from "../system/process-identity.ts";

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

/** Who listens on `port`, such as `pid 4711 (nginx: master process)`; vague where another user's process hides it. */
export function describePortHolder(port: number): string {
  const pid = pidListeningOn(port);
  if (pid === undefined) return "a process that this user may not look into";
  // Only the program: its arguments are somebody else's and may hold a secret.
  return `pid ${pid} (${commandLineOf(pid)?.split(" ")[0] || "unknown program"})`;
}

/** Through the inode of the listening socket: /proc/net/tcp names it, /proc/<pid>/fd shows who has it open (proc(5)). */
function pidListeningOn(port: number): number | undefined {
  const wantedPort = port.toString(16).toUpperCase().padStart(4, "0");
  const sockets = ["/proc/net/tcp", "/proc/net/tcp6"]
    .flatMap((table) => textIn(table).split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${wantedPort}`) && state === "0A")
    .map((fields) => `socket:[${fields[9]}]`);
  // Nobody listens: no reason to look through every process.
  if (sockets.length === 0) return undefined;
  return namesIn("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) =>
      namesIn(`/proc/${pid}/fd`).some((fd) => sockets.includes(targetOf(`/proc/${pid}/fd/${fd}`))),
    );
}
