import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What can go wrong with an answer. One at a time, but for `delayMs`. */
export interface Fault {
  /** Answers with this status and a short text in place of the content. */
  status?: number;
  /** With `status`: this body in place of the short text. */
  body?: string;
  /** With `status`: seconds, or a date, as the header says it. */
  retryAfter?: string | number;
  /** Promises the whole length, sends so many bytes, then closes the connection. */
  cutAt?: number;
  /** Sends `bytes` every `everyMs`, until all of it is sent. */
  trickle?: { bytes: number; everyMs: number };
  /** Resets the connection before any answer. */
  reset?: boolean;
  /** Sends the headers and half of the content, then nothing more, for ever. */
  neverEnds?: boolean;
  /** Waits before the answer. */
  delayMs?: number;
}

export interface Route {
  content?: string | Buffer;
  /** 302 to this address. */
  redirectTo?: string;
  contentType?: string;
  /** The fault of each request in order: the second entry is the second request's. */
  faults?: readonly (Fault | undefined)[];
  /** Of every request after those. */
  fault?: Fault;
}

export interface FileServer {
  /** `http://127.0.0.1:<port>`, no slash at the end. */
  url: string;
  /** Requests so far, of one path or of all. */
  count(path?: string): number;
  /** Path with query of each request, in order, also of those that got 404. */
  requests(): string[];
  /** Adds or replaces a route; its faults begin anew. */
  set(path: string, route: Route | string | Buffer): void;
  close(): Promise<void>;
}

/**
 * Serves files on loopback, with faults where a route asks for them.
 *
 * @param routes content, or content with faults, by path (query strings are ignored for the choice of route)
 */
export async function startFileServer(
  routes: Record<string, Route | string | Buffer> = {},
): Promise<FileServer> {
  const table = new Map<string, { route: Route; served: number }>();
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const set: FileServer["set"] = (path, route) => {
    const isContent = typeof route === "string" || Buffer.isBuffer(route);
    table.set(path, { route: isContent ? { content: route } : route, served: 0 });
  };
  for (const [path, route] of Object.entries(routes)) set(path, route);

  const server = createServer((request, response) => {
    requests.push(request.url ?? "");
    const entry = table.get(pathOf(request.url));
    if (!entry) return void response.writeHead(404).end("not found");
    const { faults = [], fault } = entry.route;
    const index = entry.served++;
    answer(request, response, entry.route, (index < faults.length ? faults[index] : fault) ?? {}).catch(() =>
      response.destroy(),
    );
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    count: (path) => requests.filter((url) => path === undefined || pathOf(url) === path).length,
    requests: () => [...requests],
    set,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pathOf(url = ""): string {
  return url.split("?")[0] ?? "";
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  route: Route,
  fault: Fault,
): Promise<void> {
  const content = Buffer.from(route.content ?? "");
  if (fault.delayMs) await sleep(fault.delayMs);
  if (fault.reset) return void request.socket.resetAndDestroy();
  if (fault.status) {
    const retryAfter = fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) };
    return void response.writeHead(fault.status, retryAfter).end(fault.body ?? `fault ${fault.status}\n`);
  }
  if (route.redirectTo) return void response.writeHead(302, { location: route.redirectTo }).end();
  response.writeHead(200, {
    "content-length": content.length,
    "content-type": route.contentType ?? "application/octet-stream",
  });
  if (request.method === "HEAD") return void response.end();
  if (fault.cutAt !== undefined) {
    return void response.write(content.subarray(0, fault.cutAt), () => request.socket.destroy());
  }
  if (fault.neverEnds) {
    return void response.write(content.subarray(0, Math.floor(content.length / 2)));
  }
  if (fault.trickle) {
    const { bytes, everyMs } = fault.trickle;
    for (let at = 0; at < content.length && !response.destroyed; at += bytes) {
      response.write(content.subarray(at, at + bytes));
      await sleep(everyMs);
    }
  }
  response.end(fault.trickle ? undefined : content);
}
