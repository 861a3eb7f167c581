import { setTimeout as sleep } from "node:timers/promises";
import { isCertificateRefused } from "./certificates.ts";
import { errorCode, reasonOf } from "./errors.ts";

/** A failure of one attempt that says whether, and when, another one makes sense. */
export class AttemptError extends Error {
  /** Asking again would give the same answer. */
  readonly isFinal: boolean;
  /** HTTP status, if there was an answer. */
  readonly status: number | undefined;
  /** What the server asked for, in milliseconds. */
  readonly pauseMs: number | undefined;

  constructor(message: string, options: { isFinal: boolean; status?: number; pauseMs?: number | undefined }) {
    super(message);
    this.isFinal = options.isFinal;
    this.status = options.status;
    this.pauseMs = options.pauseMs;
  }
}

export interface RetryOptions {
  attempts: number;
  /** A server may ask for more; it gets no more. */
  longestPauseMs: number;
  onRetry?: ((reason: string, pauseMs: number) => void) | undefined;
  /** How to wait; real time unless given. */
  pause?: ((ms: number) => Promise<void>) | undefined;
}

/**
 * Runs `attempt` until it succeeds, fails for good or has failed `attempts` times, with exponential backoff between.
 *
 * @throws what the last attempt threw, its message saying how often it was tried
 */
export async function withRetries<T>(options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      const known = error instanceof AttemptError ? error : undefined;
      const isFinal = known ? known.isFinal : isLocal(error) || isCertificateRefused(reasonOf(error));
      if (isFinal || tried >= options.attempts) throw counted(error, tried);
      // Full jitter: workspaces that start together must not retry together.
      const pauseMs = Math.min(known?.pauseMs ?? Math.random() * 500 * 2 ** tried, options.longestPauseMs);
      options.onRetry?.(reasonOf(error), pauseMs);
      await (options.pause ?? sleep)(pauseMs);
    }
  }
}

function counted(error: unknown, tried: number): unknown {
  if (tried > 1 && error instanceof Error) error.message += ` (tried ${tried} times)`;
  return error;
}

/** A full disk or a forbidden folder does not get better by asking the server again. */
function isLocal(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EACCES", "EROFS", "EPERM", "EISDIR"].includes(errorCode(error));
}
