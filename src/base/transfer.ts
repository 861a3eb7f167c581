import { createHash, type Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { squeezed } from "./harmless.ts";
import type { HttpAnswer } from "./http.ts";
import { requestThroughProxy } from "./proxied-http.ts";
import { AttemptError } from "./retry.ts";

const MAX_REDIRECTS = 10;

/** How long each phase of a transfer may take, in milliseconds. */
export interface Timeouts {
  connectMs: number;
  /** Between two pieces of the body. */
  idleMs: number;
  /** For all attempts together. */
  totalMs: number;
}

export interface TransferOptions {
  env: NodeJS.ProcessEnv;
  timeouts: Timeouts;
  maxBytes: number;
  onProgress?: ((progress: Progress) => void) | undefined;
}

export interface Progress {
  bytes: number;
  totalBytes: number | undefined;
}

/**
 * One file on its way, over as many attempts as it takes: if the server names a validator for its bytes, an attempt
 * continues where the one before broke off (RFC 9110, 14.2 and 13.1.5).
 */
export class Transfer {
  readonly #url: URL;
  readonly #file: FileHandle;
  readonly #options: TransferOptions;
  readonly #deadline: number;
  #bytes = 0;
  #hash: Hash = createHash("sha256");
  #validator: string | undefined;

  constructor(url: string, file: FileHandle, options: TransferOptions) {
    this.#url = new URL(url);
    this.#file = file;
    this.#options = options;
    this.#deadline = performance.now() + options.timeouts.totalMs;
  }

  /**
   * @returns size and digest of the whole file
   * @throws AttemptError, or the system's error
   */
  async attempt(): Promise<{ bytes: number; sha256: string }> {
    const { timeouts } = this.#options;
    const abort = new AbortController();
    const give = (reason: string, isFinal = false) => {
      return () => abort.abort(new AttemptError(reason, { isFinal }));
    };
    let idle = setTimeout(give("no answer in time"), timeouts.connectMs);
    const tooLong = give(`it takes longer than ${timeouts.totalMs / 1000} s`, true);
    const total = setTimeout(tooLong, Math.max(0, this.#deadline - performance.now()));
    let answer: HttpAnswer | undefined;
    try {
      answer = await this.#request(abort.signal);
      const totalBytes = await this.#begin(answer);
      for await (const chunk of answer.body) {
        clearTimeout(idle);
        idle = setTimeout(give("the connection stalled"), timeouts.idleMs);
        await this.#store(chunk);
        this.#options.onProgress?.({ bytes: this.#bytes, totalBytes });
      }
      return this.#finish(totalBytes);
    } catch (error) {
      throw abort.signal.aborted ? abort.signal.reason : error;
    } finally {
      clearTimeout(idle);
      clearTimeout(total);
      answer?.close();
    }
  }

  /** Follows redirects itself, to refuse one that leaves https. */
  async #request(signal: AbortSignal): Promise<HttpAnswer> {
    const resume = this.#bytes > 0 && this.#validator;
    const headers = {
      accept: "*/*",
      "accept-encoding": "identity",
      "user-agent": "amp-module",
      ...(resume ? { range: `bytes=${this.#bytes}-`, "if-range": resume } : {}),
    };
    let url = this.#url;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const answer = await requestThroughProxy(url, { headers, signal, env: this.#options.env });
      const location = answer.header("location");
      if (answer.status < 300 || answer.status > 399 || !location) return answer;
      answer.close();
      const next = new URL(location, url);
      if (next.protocol !== url.protocol && next.protocol !== "https:") {
        const reason = `redirected from ${url.protocol} to ${next.protocol}, which is refused`;
        throw new AttemptError(reason, { isFinal: true });
      }
      url = next;
    }
    throw new AttemptError("too many redirects", { isFinal: true });
  }

  /** Looks at the answer's head and decides whether its body continues or begins anew; returns the whole size. */
  async #begin(answer: HttpAnswer): Promise<number | undefined> {
    if (answer.status === 416 && this.#bytes > 0) {
      // What the server has is shorter than what came before: it is another file, so the next attempt begins anew.
      this.#bytes = 0;
      throw new AttemptError("the file has changed on the server", { isFinal: false });
    }
    if (answer.status !== 200 && answer.status !== 206) throw await refused(answer);
    const rangeFrom = Number(answer.header("content-range")?.match(/^bytes (\d+)-/)?.[1]);
    const goesOn = answer.status === 206 && rangeFrom === this.#bytes;
    if (!goesOn) {
      if (answer.status === 206) throw new AttemptError("the server sent another range", { isFinal: false });
      await this.#file.truncate(0);
      this.#bytes = 0;
      this.#hash = createHash("sha256");
    }
    const etag = answer.header("etag");
    this.#validator = etag && !etag.startsWith("W/") ? etag : answer.header("last-modified");
    const length = answer.header("content-encoding") ? undefined : answer.header("content-length");
    return length === undefined ? undefined : this.#bytes + Number(length);
  }

  async #store(chunk: Uint8Array): Promise<void> {
    if (this.#bytes + chunk.length > this.#options.maxBytes) {
      throw new AttemptError(`more than ${this.#options.maxBytes} bytes came`, { isFinal: true });
    }
    for (let offset = 0; offset < chunk.length; ) {
      const { bytesWritten } = await this.#file.write(
        chunk,
        offset,
        chunk.length - offset,
        this.#bytes + offset,
      );
      offset += bytesWritten;
    }
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
  }

  #finish(totalBytes: number | undefined): { bytes: number; sha256: string } {
    const bytes = this.#bytes;
    if (totalBytes !== undefined && bytes !== totalBytes) {
      throw new AttemptError(`cut off after ${bytes} of ${totalBytes} bytes`, { isFinal: false });
    }
    if (bytes === 0) throw new AttemptError("the answer is empty", { isFinal: false });
    return { bytes, sha256: this.#hash.copy().digest("hex") };
  }
}

/** What an answer other than the wanted one means for another attempt. */
export async function refused(answer: HttpAnswer): Promise<AttemptError> {
  const { status } = answer;
  const body = plainText(await startOf(answer.body)).slice(0, 200);
  const isFinal = !(status === 408 || status === 425 || status === 429 || status >= 500);
  const pauseMs = retryAfterMs(answer.header("retry-after"), Date.now());
  return new AttemptError(`HTTP ${status}${body ? `: ${body}` : ""}`, { isFinal, status, pauseMs });
}

/** `Retry-After` in milliseconds from now: seconds or an HTTP date (RFC 9110, 10.2.3). */
function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** What a person can read of an answer that explains an error: of a web page its title only. */
function plainText(body: string): string {
  const isPage = /<(!doctype html|html|head|body)\b/i.test(body);
  const text = isPage ? (body.match(/<title[^>]*>([^<]*)/i)?.[1] ?? "") : body.replace(/<[^>]*>/g, " ");
  return squeezed(text);
}

async function startOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > 1000) break;
    }
  } catch {
    // What came so far is enough for a message.
  }
  return text;
}
