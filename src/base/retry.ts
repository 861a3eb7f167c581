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

  constructor(
    message: string,
    options: { isFinal: boolean; status?: number | undefined; pauseMs?: number | undefined },
  ) {
    super(message);
    this.isFinal = options.isFinal;
    this.status = options.status;
    this.pauseMs = options.pauseMs;
  }
}

export interface RetryOptions {
  attempts: number;
  /** The same while the server says that it has too many clients (429); as `attempts` unless given. */
  busyAttempts?: number | undefined;
  /** A server may ask for more; it gets no more. */
  longestPauseMs: number;
  /** For all attempts and pauses: what would begin after that does not. */
  totalMs?: number | undefined;
  /** Tests shorten the pauses there. */
  env?: NodeJS.ProcessEnv | undefined;
  onRetry?: ((reason: string, pauseMs: number) => void) | undefined;
  /** How to wait; real time unless given. */
  pause?: ((ms: number) => Promise<void>) | undefined;
}

/** The pause after the first attempt is shorter than this; every further one may be twice as long. */
const FIRST_PAUSE_MS = 1_000;
/** A mirror that turns clients away needs so long for a few hundred of them: `npm run herd`. */
const FIRST_BUSY_PAUSE_MS = 15_000;

/**
 * Runs `attempt` until it succeeds, fails for good or has failed `attempts` times, with exponential backoff between.
 *
 * @throws what the last attempt threw, its message saying how often it was tried
 */
export async function withRetries<T>(options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  const { attempts, busyAttempts = attempts, totalMs = Infinity, env } = options;
  const began = performance.now();
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      const known = error instanceof AttemptError ? error : undefined;
      const isFinal = known ? known.isFinal : isLocal(error) || isCertificateRefused(reasonOf(error));
      const most = known?.status === 429 ? busyAttempts : attempts;
      const pauseMs = pauseAfter(tried, known, options) * Number(env?.["AMP_MODULE_RETRY_SCALE"] ?? 1);
      if (isFinal || tried >= most || performance.now() - began + pauseMs > totalMs)
        throw counted(error, tried);
      options.onRetry?.(reasonOf(error), pauseMs);
      await (options.pause ?? sleep)(pauseMs);
    }
  }
}

/** What the server asks for, and a random time more: workspaces that were turned away together must not come back together. */
function pauseAfter(
  tried: number,
  known: AttemptError | undefined,
  { longestPauseMs }: RetryOptions,
): number {
  const first = known?.status === 429 ? FIRST_BUSY_PAUSE_MS : FIRST_PAUSE_MS;
  const asked = Math.min(known?.pauseMs ?? 0, longestPauseMs);
  return asked + Math.random() * Math.min(first * 2 ** (tried - 1), longestPauseMs);
}

function counted(error: unknown, tried: number): unknown {
  if (tried > 1 && error instanceof Error) error.message += ` (tried ${tried} times)`;
  return error;
}

/** A full disk or a forbidden folder does not get better by asking the server again. */
function isLocal(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EACCES", "EROFS", "EPERM", "EISDIR"].includes(errorCode(error));
}
