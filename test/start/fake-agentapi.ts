import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type AgentApiClient, createAgentApiClient } from "../../src/agentapi/client.ts";

/** An AgentAPI that says what a test tells it to, when it tells it to. */
export interface FakeAgentApi {
  client: AgentApiClient;
  /** How often `/events` was subscribed to. */
  readonly subscriptions: number;
  /** Bodies of `POST /message`, oldest first. */
  posted: { type: string; content: string }[];
  status(status: "running" | "stable"): void;
  message(role: "user" | "agent", text: string, id?: number): void;
  /** Closes every stream, in order or by breaking the connection. */
  drop(how: "end" | "reset"): void;
  /** Resolves when `/events` has been subscribed to so often. */
  subscribed(times: number): Promise<void>;
  close(): Promise<void>;
}

/** @param options `failMessages` answers that status to every message; `transport` is what `/status` reports */
export async function startFakeAgentApi(
  options: { transport?: "pty" | "acp"; failMessages?: number } = {},
): Promise<FakeAgentApi> {
  const time = "2026-09-23T10:00:00Z";
  let status: "running" | "stable" = "running";
  let subscriptions = 0;
  const messages = new Map<number, string>();
  const streams = new Set<ServerResponse>();
  const waiting: { times: number; resolve: () => void }[] = [];
  const posted: FakeAgentApi["posted"] = [];
  const statusEvent = () => frame("status_change", { status, agent_type: "amp" });

  const server = createServer((request, response) => {
    if (request.url === "/status") {
      json(response, 200, { status, agent_type: "amp", transport: options.transport ?? "pty" });
    } else if (request.url === "/events") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write([...messages.values(), statusEvent()].join(""));
      streams.add(response);
      response.once("close", () => streams.delete(response));
      subscriptions += 1;
      for (const { times, resolve } of waiting) if (subscriptions >= times) resolve();
    } else if (request.method === "POST") {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on("end", () => {
        posted.push(JSON.parse(body) as { type: string; content: string });
        if (options.failMessages) json(response, options.failMessages, { title: "not now" });
        else json(response, 200, { ok: true });
      });
    } else json(response, 404, {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const tell = (text: string) => {
    for (const stream of streams) stream.write(text);
  };

  return {
    client: createAgentApiClient({ baseUrl: `http://127.0.0.1:${port}` }),
    get subscriptions() {
      return subscriptions;
    },
    posted,
    status(next) {
      status = next;
      tell(statusEvent());
    },
    message(role, text, id = messages.size) {
      const event = frame("message_update", { id, role, message: text, time });
      messages.set(id, event);
      tell(event);
    },
    drop(how) {
      for (const stream of streams) how === "end" ? stream.end() : stream.destroy();
    },
    subscribed(times) {
      return new Promise((resolve) => {
        if (subscriptions >= times) resolve();
        else waiting.push({ times, resolve });
      });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function frame(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
