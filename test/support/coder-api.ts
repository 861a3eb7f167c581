import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What Coder's agent API accepts as a Task's log snapshot, in bytes. */
const MOST_BYTES = 65_536;

/** How the log snapshot is answered; `never` keeps the connection open without an answer. */
export type SnapshotAnswer = 204 | 404 | 500 | "never";

/** How a status is answered: 404 by an older release, 401 for a token that is no longer valid. */
export type StatusAnswer = 200 | 401 | 404 | 500 | "never";

/** What Coder's agent API accepts as a status' message, in bytes (coder/coder, `patchWorkspaceAgentAppStatus`). */
const MOST_MESSAGE_BYTES = 160;
const STATES = ["working", "idle", "complete", "failure"];

/** A status as it arrived. */
export interface ReportedStatus {
  app_slug: string;
  state: string;
  message: string;
  uri: string;
  /** Time in milliseconds since the epoch. */
  at: number;
}

export interface CoderApi {
  /** `http://127.0.0.1:<port>/`, as CODER_AGENT_URL has it. */
  url: string;
  /** Bodies of accepted snapshots, oldest first. */
  snapshots: string[];
  /** Statuses that were taken, oldest first. */
  statuses: ReportedStatus[];
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
  /** 200 unless given. */
  statusAnswer?: StatusAnswer;
}): Promise<CoderApi> {
  const { statusAnswer = 200 } = options;
  const snapshots: string[] = [];
  const statuses: ReportedStatus[] = [];
  const requests: string[] = [];
  const complaints: string[] = [];
  const path = `/api/v2/workspaceagents/me/tasks/${options.taskId}/log-snapshot?format=agentapi`;

  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const body = await read(request);
    const isStatus = request.url === STATUS_PATH;
    const complaint = isStatus ? complaintAboutStatus(request, body) : complaintAbout(request, body);
    if (complaint) {
      complaints.push(complaint.text);
      response.writeHead(complaint.status).end();
    } else if (isStatus) {
      if (statusAnswer === "never") return;
      const status = JSON.parse(body.toString()) as Omit<ReportedStatus, "at">;
      if (statusAnswer === 200) statuses.push({ ...status, at: Date.now() });
      response.writeHead(statusAnswer).end();
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

  function complaintAboutStatus(
    { method, headers }: IncomingMessage,
    body: Buffer,
  ): { status: number; text: string } | undefined {
    if (method !== "PATCH") return { status: 405, text: `method ${method}` };
    if (headers["coder-session-token"] !== options.token) return { status: 401, text: "wrong token" };
    const text = whatIsWrongWithStatus(body);
    return text === undefined ? undefined : { status: 400, text };
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    snapshots,
    statuses,
    requests,
    complaints,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const STATUS_PATH = "/api/v2/workspaceagents/me/app-status";

function whatIsWrongWithStatus(body: Buffer): string | undefined {
  const status = JSON.parse(body.toString()) as Record<string, unknown>;
  const { app_slug, state, message, uri, ...rest } = status;
  if (Object.keys(rest).length > 0) return `unknown ${Object.keys(rest)}`;
  if (typeof app_slug !== "string" || app_slug === "") return "no app";
  if (typeof state !== "string" || !STATES.includes(state)) return `state ${state}`;
  if (typeof message !== "string" || typeof uri !== "string") return "no message or no uri";
  return Buffer.byteLength(message) > MOST_MESSAGE_BYTES ? `message too long: ${message}` : undefined;
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
