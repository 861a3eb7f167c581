import { problemBody } from "./contract.ts";

/**
 * What kind of failure it was:
 * - `unreachable`: no connection, or it broke before the answer was whole; trying again may help
 * - `timeout`: connected or not, the answer did not come in time
 * - `http`: an answer with an error status; `status` and `detail` say more
 * - `protocol`: an answer that is not AgentAPI's; something else may be listening on the port
 */
export type AgentApiErrorKind = "unreachable" | "timeout" | "http" | "protocol";

interface Details {
  status?: number;
  detail?: string;
  cause?: unknown;
}

/** Every failure of this client but an abort by the caller's own signal, which is thrown on as it is. */
export class AgentApiError extends Error {
  override readonly name = "AgentApiError";
  readonly kind: AgentApiErrorKind;
  /** Address of the request, without user name, password, query and fragment. */
  readonly url: string;
  /** HTTP status, if there was an answer. */
  readonly status?: number;
  /** The server's own explanation, or the start of a body that explains nothing. */
  readonly detail?: string;

  constructor(kind: AgentApiErrorKind, url: string, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.url = url;
    if (details.status !== undefined) this.status = details.status;
    if (details.detail !== undefined) this.detail = details.detail;
  }
}

/** What a request is called in errors: its method and the address without anything secret. */
export interface Target {
  method: string;
  url: string;
}

/** The address that may stand in an error: user name, password, query and fragment are left out. */
export function publicUrl(url: string): string {
  const parsed = new URL(url);
  return `${parsed.origin}${parsed.pathname}`;
}

export function timeoutError({ method, url }: Target, timeoutMs: number, what = "answer"): AgentApiError {
  return new AgentApiError(
    "timeout",
    url,
    `AgentAPI gave no ${what} to ${method} ${url} within ${timeoutMs} ms`,
  );
}

export function unreachableError({ method, url }: Target, cause: unknown): AgentApiError {
  const reason = connectionReason(cause);
  const message = `AgentAPI cannot be reached for ${method} ${url}: ${reason}. Does it run, and on this port?`;
  return new AgentApiError("unreachable", url, message, { cause });
}

/** `body` is the error answer: problem details, or the text of whatever a proxy in between says. */
export function httpError({ method, url }: Target, status: number, body: unknown): AgentApiError {
  const detail = explain(body);
  const message = `AgentAPI answered ${method} ${url} with ${status}: ${detail}`;
  return new AgentApiError("http", url, message, { status, detail });
}

export function protocolError(target: Target, reason: string, body: string, status?: number): AgentApiError {
  const detail = startOf(body);
  const message = `The answer to ${target.method} ${target.url} is not AgentAPI's (${reason}). It begins: ${detail}`;
  return new AgentApiError("protocol", target.url, message, { ...(status && { status }), detail });
}

/** Problem details in one line; of another answer its start. */
function explain(body: unknown): string {
  if (typeof body !== "object" || body === null) return startOf(String(body ?? ""));
  const { title, detail, errors } = problemBody.safeParse(body).data ?? {};
  const faults = (errors ?? []).map((fault) => {
    const { message = "not accepted", location } = fault ?? {};
    return location === undefined ? message : `${location}: ${message}`;
  });
  const text = [detail ?? title, ...faults].filter(Boolean).join("; ");
  return text === "" ? "an error without an explanation" : startOf(text, 500);
}

/** The first characters on one line, without control characters. */
function startOf(body: string, length = 200): string {
  const line = body
    .slice(0, length)
    .replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, " ")
    .trim();
  if (line === "") return "(empty)";
  return body.length > length ? `${line}…` : line;
}

/** Node hides the reason in `cause`, bun puts it in `code`, deno in the message. */
function connectionReason(error: unknown): string {
  let current: unknown = error;
  let reason = "connection failed";
  for (let depth = 0; depth < 4 && current instanceof Error; depth += 1) {
    const { code } = current as { code?: unknown };
    if (typeof code === "string") return code;
    reason = current.message;
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return startOf(reason);
}
