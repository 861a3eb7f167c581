import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type AgentApiClient, createAgentApiClient } from "../../src/agentapi/client.ts";

/** An AgentAPI that says what a test tells it to, when it tells it to. */
export interface FakeAgentApi {
  client: AgentApiClient;
  /** How often `/internal/screen` was subscribed to. */
  readonly subscriptions: number;
  /** Bodies of `POST /message`, oldest first. */
  posted: { type: string; content: string }[];
  /** Called with each of them, before it is answered. */
  onPost: (message: { type: string; content: string }) => void;
  /** The status that messages are answered with. */
  answerMessages: number;
  /** Accepts connections and answers nothing. */
  isSilent: boolean;
  /** Answers no `/status`, as while a message is on its way. */
  holdsStatus: boolean;
  status(status: "running" | "stable"): void;
  /** What the terminal shows from now on. */
  screen(text: string): void;
  /** Closes every stream, in order or by breaking the connection. */
  drop(how: "end" | "reset"): void;
  /** Resolves when `/internal/screen` has been subscribed to so often. */
  subscribed(times: number): Promise<void>;
  close(): Promise<void>;
}

export async function startFakeAgentApi(): Promise<FakeAgentApi> {
  let status: "running" | "stable" = "running";
  let screen = "";
  let subscriptions = 0;
  const streams = new Set<ServerResponse>();
  const waiting: { times: number; resolve: () => void }[] = [];
  const screenEvent = () => `event: screen\ndata: ${JSON.stringify({ screen })}\n\n`;

  const server = createServer((request, response) => {
    if (fake.isSilent || (fake.holdsStatus && request.url === "/status")) return;
    if (request.url === "/status") {
      json(response, 200, { status, agent_type: "amp", transport: "pty" });
    } else if (request.url === "/events") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(
        `event: status_change\ndata: ${JSON.stringify({ status: "stable", agent_type: "amp" })}\n\n`,
      );
    } else if (request.url === "/internal/screen") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(screenEvent());
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
        const message = JSON.parse(body) as { type: string; content: string };
        fake.posted.push(message);
        fake.onPost(message);
        if (fake.answerMessages === 200) json(response, 200, { ok: true });
        else json(response, fake.answerMessages, { title: "not now" });
      });
    } else json(response, 404, {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  const fake: FakeAgentApi = {
    client: createAgentApiClient({ baseUrl: `http://127.0.0.1:${port}` }),
    get subscriptions() {
      return subscriptions;
    },
    posted: [],
    onPost: () => {},
    answerMessages: 200,
    isSilent: false,
    holdsStatus: false,
    status(next) {
      status = next;
    },
    screen(text) {
      screen = text;
      for (const stream of streams) stream.write(screenEvent());
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
      if (!server.listening) return;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
