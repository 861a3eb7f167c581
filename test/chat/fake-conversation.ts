import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type AgentApiClient, createAgentApiClient } from "../../src/agentapi/client.ts";

interface Message {
  id: number;
  role: "user" | "agent";
  content: string;
  time: string;
}

/** An AgentAPI whose conversation goes as a test says. A message that is posted makes its agent run. */
export interface FakeConversation {
  client: AgentApiClient;
  posted: string[];
  /** Why messages are refused, "" for not. */
  refusal: string;
  say(role: "user" | "agent", content: string): void;
  /** The last message is another one now. */
  change(content: string): void;
  status(status: "running" | "stable"): void;
  fault(message: string): void;
  /** Ends every stream of events. */
  drop(): void;
  received(content: string): Promise<void>;
  close(): Promise<void>;
}

export async function startFakeConversation(): Promise<FakeConversation> {
  const messages: Message[] = [];
  const streams = new Set<ServerResponse>();
  let status: "running" | "stable" = "stable";
  const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  const messageEvent = ({ content, ...rest }: Message) =>
    event("message_update", { ...rest, message: content });
  const statusEvent = () => event("status_change", { status, agent_type: "amp" });
  const send = (text: string) => {
    for (const stream of streams) stream.write(text);
  };

  const server = createServer((request, response) => {
    if (request.url === "/status") json(response, 200, { status, agent_type: "amp" });
    else if (request.url === "/messages") json(response, 200, { messages });
    else if (request.url === "/events") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(messages.map(messageEvent).join("") + statusEvent());
      streams.add(response);
      response.once("close", () => streams.delete(response));
    } else {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on("end", () => {
        if (fake.refusal !== "") return json(response, 500, { title: "Error", detail: fake.refusal });
        const { content } = JSON.parse(body) as { content: string };
        fake.status("running");
        fake.say("user", content);
        fake.posted.push(content);
        json(response, 200, { ok: true });
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const fake: FakeConversation = {
    client: createAgentApiClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
    posted: [],
    refusal: "",
    say(role, content) {
      const message = { id: messages.length, role, content, time: "2026-09-23T10:00:00Z" };
      messages.push(message);
      send(messageEvent(message));
    },
    change(content) {
      const last = messages.at(-1);
      if (last) send(messageEvent(Object.assign(last, { content })));
    },
    status(next) {
      status = next;
      send(statusEvent());
    },
    fault: (message) => send(event("agent_error", { message, level: "error", time: "2026-09-23T10:00:00Z" })),
    drop() {
      for (const stream of streams) stream.end();
    },
    async received(content) {
      while (!fake.posted.includes(content)) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    async close() {
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
