import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** What the mirror has, and how long one transfer of it keeps a connection. */
export interface HerdFile {
  content: string;
  holdMs: number;
}

/** A request as it came in. */
export interface Arrival {
  /** Since the mirror was opened. */
  atMs: number;
  workspace: string;
  file: string;
  status: number;
}

export interface HerdMirrorOptions {
  /** By name, which is what stands behind the workspace's own part of an address. */
  files: Record<string, HerdFile>;
  /** Transfers at once; the next client gets 429. */
  connections: number;
  /** Seconds that a 429 asks for; none unless given. */
  retryAfter?: number | undefined;
}

export interface HerdMirror {
  /** Every workspace has an address of its own, by which it is known. */
  urlFor(workspace: number): string;
  arrivals(): readonly Arrival[];
  /** Requests go on as if it had just been opened. */
  forget(): void;
  close(): Promise<void>;
}

/** A mirror that serves so many clients at a time and turns all others away, as nginx does by `limit_conn`. */
export async function openHerdMirror(options: HerdMirrorOptions): Promise<HerdMirror> {
  const arrivals: Arrival[] = [];
  let opened = performance.now();
  let active = 0;
  const server = createServer(async (request, response) => {
    const [, workspace = "", file = ""] = request.url?.match(/^\/([^/]+)\/(.+)$/) ?? [];
    const found = options.files[file];
    const isBusy = active >= options.connections;
    const status = isBusy ? 429 : found ? 200 : 404;
    arrivals.push({ atMs: performance.now() - opened, workspace, file, status });
    if (isBusy || !found) {
      const asks = isBusy &&
        options.retryAfter !== undefined && { "retry-after": String(options.retryAfter) };
      return void response.writeHead(status, { connection: "close", ...asks }).end();
    }
    active += 1;
    response.once("close", () => {
      active -= 1;
    });
    await sleep(found.holdMs);
    response
      .writeHead(200, { connection: "close", "content-length": Buffer.byteLength(found.content) })
      .end(found.content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 1024, resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    urlFor: (workspace) => `http://127.0.0.1:${port}/w${workspace}`,
    arrivals: () => arrivals,
    forget() {
      arrivals.length = 0;
      opened = performance.now();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
