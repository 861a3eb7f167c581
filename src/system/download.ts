import { createHash } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "../errors.ts";
import { syncFolder, temporaryBeside } from "./atomic-file.ts";

const ATTEMPTS = 5;
const CONNECT_TIMEOUT_MS = 20_000;
const IDLE_TIMEOUT_MS = 30_000;
const TOTAL_TIMEOUT_MS = 15 * 60_000;
const LONGEST_PAUSE_MS = 60_000;
const MAX_REDIRECTS = 10;
/** The largest thing fetched is Amp itself, about 100 MB. */
const MAX_BYTES = 1024 ** 3;

export interface DownloadOptions {
  /** Lower-case hex digest that the bytes must have. */
  sha256?: string;
  /** Permission bits of the file. */
  mode: number;
  /** Looks at the finished temporary file before it replaces `target`; a throw keeps the old file. */
  prove?: (temporary: string) => Promise<void>;
  onProgress?: (progress: { bytes: number; totalBytes: number | undefined }) => void;
  onRetry?: (reason: string, pauseMs: number) => void;
}

/** A download that failed for good. The message names the URL, without any password in it, and the reason. */
export class DownloadError extends Error {
  /** The last HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(message: string, options: { status?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "DownloadError";
    this.status = options.status;
  }
}

/** A failure of one attempt; `pauseMs` is what the server asked for. */
class AttemptError extends Error {
  constructor(
    message: string,
    readonly isFinal: boolean,
    readonly status?: number,
    readonly pauseMs?: number,
  ) {
    super(message);
  }
}

/**
 * Downloads `url` and puts it in place of `target`, whole or not at all: streamed to a temporary file beside it,
 * size and checksum checked, synced, renamed. Network errors, 408, 425, 429 and 5xx are tried again.
 *
 * @throws DownloadError; `target` is then unchanged
 */
export async function download(url: string, target: string, options: DownloadOptions): Promise<void> {
  const temporary = temporaryBeside(target);
  try {
    await withRetries(url, options, () => attempt(url, temporary, options));
    await options.prove?.(temporary);
    await rename(temporary, target);
    syncFolder(dirname(target));
  } finally {
    await rm(temporary, { force: true });
  }
}

async function withRetries(url: string, options: DownloadOptions, work: () => Promise<void>): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      const status = error instanceof AttemptError ? error.status : undefined;
      const isFinal = error instanceof AttemptError ? error.isFinal : isLocal(error);
      if (isFinal || tried === ATTEMPTS) {
        const times = tried > 1 ? ` after ${tried} attempts` : "";
        throw new DownloadError(`${withoutPassword(url)}: ${reasonOf(error)}${times}`, {
          status,
          cause: error,
        });
      }
      const asked = error instanceof AttemptError ? error.pauseMs : undefined;
      // Full jitter: workspaces that start together must not retry together.
      const pauseMs = Math.min(asked ?? Math.random() * 500 * 2 ** tried, LONGEST_PAUSE_MS);
      options.onRetry?.(reasonOf(error), pauseMs);
      await sleep(pauseMs);
    }
  }
}

async function attempt(url: string, temporary: string, options: DownloadOptions): Promise<void> {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(new Error("no answer in time")), CONNECT_TIMEOUT_MS);
  const total = setTimeout(() => abort.abort(new Error("took too long")), TOTAL_TIMEOUT_MS);
  const file = await open(temporary, "w", options.mode);
  try {
    const response = await follow(url, abort.signal);
    const totalBytes = lengthOf(response);
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(new Error("the connection stalled")), IDLE_TIMEOUT_MS);
      bytes += chunk.length;
      if (bytes > MAX_BYTES) throw new AttemptError("the answer does not end", true);
      hash.update(chunk);
      await file.writeFile(chunk);
      options.onProgress?.({ bytes, totalBytes });
    }
    if (totalBytes !== undefined && bytes !== totalBytes) {
      throw new AttemptError(`cut off after ${bytes} of ${totalBytes} bytes`, false);
    }
    if (bytes === 0) throw new AttemptError("the answer is empty", false);
    checkDigest(hash.digest("hex"), options.sha256);
    if ((await file.stat()).size !== bytes) throw Object.assign(new Error("disk full"), { code: "ENOSPC" });
    await file.sync();
    await file.chmod(options.mode);
  } catch (error) {
    throw abort.signal.aborted && abort.signal.reason instanceof Error ? abort.signal.reason : error;
  } finally {
    clearTimeout(timer);
    clearTimeout(total);
    await file.close();
  }
}

/** Follows redirects itself, to refuse one that leaves https. */
async function follow(url: string, signal: AbortSignal): Promise<Response> {
  let at = new URL(url);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await fetch(at, {
      signal,
      redirect: "manual",
      headers: { "accept-encoding": "identity" },
    });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || !location) return accept(response);
    const next = new URL(location, at);
    if (next.protocol !== at.protocol && next.protocol !== "https:") {
      throw new AttemptError(`redirected from ${at.protocol} to ${next.protocol}, which is refused`, true);
    }
    await response.body?.cancel();
    at = next;
  }
  throw new AttemptError("too many redirects", true);
}

async function accept(response: Response): Promise<Response> {
  const { status } = response;
  if (response.ok) return response;
  const body = (await response.text().catch(() => "")).replace(/\s+/g, " ").trim().slice(0, 200);
  const isFinal = !(status === 408 || status === 425 || status === 429 || status >= 500);
  throw new AttemptError(`HTTP ${status}${body ? `: ${body}` : ""}`, isFinal, status, retryAfter(response));
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3). */
function retryAfter(response: Response): number | undefined {
  const value = response.headers.get("retry-after");
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function lengthOf(response: Response): number | undefined {
  const length = response.headers.get("content-length");
  return length === null || response.headers.get("content-encoding") ? undefined : Number(length);
}

function checkDigest(actual: string, wanted: string | undefined): void {
  if (wanted && actual !== wanted.toLowerCase()) {
    throw new AttemptError(`wrong checksum: sha256 ${actual}, wanted ${wanted.toLowerCase()}`, true);
  }
}

/** A full disk or a forbidden folder does not get better by asking the server again. */
function isLocal(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return ["ENOSPC", "EDQUOT", "EACCES", "EROFS", "EPERM"].includes(code);
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//");
}
