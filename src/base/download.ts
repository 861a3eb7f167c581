import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder, temporaryBeside } from "./atomic-file.ts";
import { reasonOf } from "./errors.ts";
import { AttemptError, withRetries } from "./retry.ts";
import { type Progress, type Timeouts, Transfer } from "./transfer.ts";

const ATTEMPTS = 5;
/** Of a server that has too many clients: together about three minutes. */
export const BUSY_ATTEMPTS = 8;
const LONGEST_PAUSE_MS = 60_000;
const TIMEOUTS: Timeouts = { connectMs: 20_000, idleMs: 30_000, totalMs: 15 * 60_000 };
/** The largest thing fetched is Amp itself, about 100 MB. */
const MAX_BYTES = 1024 ** 3;

export interface DownloadOptions {
  env: NodeJS.ProcessEnv;
  /** Lower-case hex digest that the bytes must have. */
  sha256?: string | undefined;
  /** Permission bits of the file. */
  mode: number;
  /** Looks at the finished temporary file, of which it gets the digest, before it replaces `target`; a throw keeps that. */
  prove?: (temporary: string, sha256: string) => Promise<void>;
  onProgress?: (progress: Progress) => void;
  onRetry?: (reason: string, pauseMs: number) => void;
  /** Other limits than the usual ones, in milliseconds and bytes. */
  limits?: Partial<Timeouts> & { maxBytes?: number; attempts?: number };
  /** How to wait between attempts; real time unless given. */
  pause?: (ms: number) => Promise<void>;
}

/** A download that failed for good. The message names the URL, without any secret in it, and the reason. */
export class DownloadError extends Error {
  /** The last HTTP status, if there was an answer. */
  readonly status: number | undefined;

  constructor(message: string, options: { status?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "DownloadError";
    this.status = options.status;
  }
}

/**
 * Downloads `url` and puts it in place of `target`, whole or not at all: streamed to a temporary file beside it,
 * size and checksum checked, synced, proved, renamed. Network errors, 408, 425, 429 and 5xx are tried again, continuing
 * where the last attempt broke off.
 *
 * @throws DownloadError, or what `prove` threw; `target` is then unchanged
 */
export async function download(url: string, target: string, options: DownloadOptions): Promise<void> {
  const temporary = temporaryBeside(target);
  try {
    const sha256 = await fetchInto(url, temporary, options);
    await options.prove?.(temporary, sha256);
    await rename(temporary, target);
    syncFolder(dirname(target));
  } finally {
    await rm(temporary, { force: true });
  }
}

/** @returns the SHA-256 of what came */
async function fetchInto(url: string, temporary: string, options: DownloadOptions): Promise<string> {
  const { limits, onProgress, onRetry, pause, env } = options;
  try {
    const file = await open(temporary, "wx", options.mode);
    try {
      const maxBytes = limits?.maxBytes ?? MAX_BYTES;
      const transfer = new Transfer(url, file, {
        env,
        timeouts: { ...TIMEOUTS, ...limits },
        maxBytes,
        onProgress,
      });
      const retry = {
        attempts: limits?.attempts ?? ATTEMPTS,
        busyAttempts: limits?.attempts ?? BUSY_ATTEMPTS,
        longestPauseMs: LONGEST_PAUSE_MS,
        totalMs: limits?.totalMs ?? TIMEOUTS.totalMs,
        ...{ env, onRetry, pause },
      };
      const { bytes, sha256 } = await withRetries(retry, () => transfer.attempt());
      if (options.sha256 && sha256 !== options.sha256.toLowerCase()) {
        throw new AttemptError(`wrong checksum: sha256 ${sha256}, wanted ${options.sha256.toLowerCase()}`, {
          isFinal: true,
        });
      }
      await file.sync();
      await file.chmod(options.mode);
      if ((await file.stat()).size !== bytes)
        throw new AttemptError("the disk did not keep all bytes", { isFinal: true });
      return sha256;
    } finally {
      await file.close();
    }
  } catch (cause) {
    const status = cause instanceof AttemptError ? cause.status : undefined;
    throw new DownloadError(`${withoutCredentials(url)}: ${reasonOf(cause)}`, { status, cause });
  }
}

/** An address for people to read. A password may hold an `@` of its own, and what follows a `?` may be one. */
export function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/?#]*@/, "//").replace(/[?#].*/s, "?…");
}
