import { RequestError } from "@agentclientprotocol/sdk";
import { AmpError, AmpOptionError } from "../amp/errors.ts";
import type { Redact } from "../base/redact.ts";
import { BadPrompt } from "./content.ts";
import type { FailedTurn } from "./signals.ts";

/**
 * The error as the client gets it: JSON-RPC code and message, with kind and remedy under `data`.
 *
 * @param redact masks what somebody else's words may hold
 */
export function toRequestError(error: unknown, redact: Redact = (text) => text): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof AmpOptionError) return new RequestError(-32602, redact(error.message));
  if (!(error instanceof AmpError)) {
    return new RequestError(-32603, redact(error instanceof Error ? error.message : String(error)));
  }
  const { kind, remedy, stderrTail, threadId } = error;
  const data = {
    kind,
    remedy,
    ...(stderrTail && { stderrTail: stderrTail.slice(-4_096) }),
    ...(threadId && { threadId }),
  };
  return new RequestError(
    kind === "auth_required" ? -32000 : -32603,
    `${redact(error.message)} ${remedy}`,
    data,
  );
}

/** The error as the agent's log tells it. */
export function failedTurn(error: unknown): FailedTurn {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof AmpError) return { kind: error.kind, reason };
  if (error instanceof BadPrompt) return { kind: "bad_prompt", reason };
  return { kind: error instanceof AmpOptionError ? "bad_option" : "unexpected", reason };
}
