import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What Coder's agent API accepts as a Task's log snapshot, in bytes. */
const MOST_BYTES = 65_536;

/** How the log snapshot is answered; `never` keeps the connection open without an answer. */
export type SnapshotAnswer = 204 | 404 | 500 | "never";

export interface CoderApi {
  /** `http://127.0.0.1:<port>/`, as CODER_AGENT_URL has it. */
  url: string;
  /** Bodies of accepted snapshots, oldest first. */
  snapshots: string[];
  /** Every request as `METHOD path`. */
  requests: string[];
  /** What the real one would refuse: a wrong method, path, header or size. */
  complaints: string[];
  close(): Promise<void>;
}

/**
 * The part of Coder's agent API that the module uses, on loopback.
 *
 * Strict: what is not exactly as Coder wants it gets 4xx and a complaint.
 *
 * @param options `token` is the one right session token, `taskId` the one Task that exists
 */
export async function startCoderApi(options: {
  token: string;
  taskId: string;
  answer: SnapshotAnswer;
}): Promise<CoderApi> {
  const snapshots: string[] = [];
  const requests: string[] = [];
  const complaints: string[] = [];
  const path = `/api/v2/workspaceagents/me/tasks/${options.taskId}/log-snapshot?format=agentapi`;

  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const body = await read(request);
    const complaint = complaintAbout(request, body);
    if (complaint) {
      complaints.push(complaint.text);
      response.writeHead(complaint.status).end();
    } else if (options.answer !== "never") {
      if (options.answer === 204) snapshots.push(body.toString());
      response.writeHead(options.answer).end();
    }
  });

  function complaintAbout(
    request: IncomingMessage,
    body: Buffer,
  ): { status: number; text: string } | undefined {
    if (request.url !== path) return { status: 404, text: `unknown path ${request.url}` };
    if (request.method !== "POST") return { status: 405, text: `method ${request.method}` };
    if (request.headers["coder-session-token"] !== options.token) return { status: 401, text: "wrong token" };
    if (!request.headers["content-type"]?.startsWith("application/json"))
      return { status: 415, text: `content type ${request.headers["content-type"]}` };
    if (body.length > MOST_BYTES) return { status: 413, text: `${body.length} bytes` };
    return isConversation(body) ? undefined : { status: 400, text: "the body is no conversation" };
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    snapshots,
    requests,
    complaints,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** As AgentAPI's own `/messages` answers, at most ten messages. */
function isConversation(body: Buffer): boolean {
  try {
    const { messages } = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as {
      messages: Record<string, unknown>[];
    };
    return (
      messages.length <= 10 &&
      messages.every(
        ({ id, role, content, time }) =>
          typeof id === "number" &&
          (role === "user" || role === "agent") &&
          typeof content === "string" &&
          typeof time === "string",
      )
    );
  } catch {
    return false;
  }
}
