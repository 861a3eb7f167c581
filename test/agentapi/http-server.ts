import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { type AgentApiClient, type ClientOptions, createAgentApiClient } from "../../src/agentapi/client.ts";

/** A client of a loopback server that answers as the test says; both end with the test. */
export async function clientOf(
  listener: RequestListener,
  options: Omit<ClientOptions, "baseUrl"> = {},
): Promise<AgentApiClient> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return createAgentApiClient({ baseUrl: `http://127.0.0.1:${port}/`, timeoutMs: 3_000, ...options });
}

/** Answers every request with this. */
export function always(status: number, contentType: string, body: string | Buffer): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { "content-type": contentType }).end(body);
  };
}

export function json(body: unknown): RequestListener {
  return always(200, "application/json", JSON.stringify(body));
}

/** Sends each piece as a packet of its own and leaves the stream open. */
export function stream(pieces: readonly (string | Uint8Array)[]): RequestListener {
  return async (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const piece of pieces) {
      response.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
}
