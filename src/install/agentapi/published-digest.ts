import { BUSY_ATTEMPTS } from "../../base/download.ts";
import { reasonOf } from "../../base/errors.ts";
import { bodyText } from "../../base/http.ts";
import { requestThroughProxy } from "../../base/proxied-http.ts";
import { AttemptError, withRetries } from "../../base/retry.ts";
import { refused } from "../../base/transfer.ts";

const TIMEOUT_MS = 5_000;
const MAX_CHARACTERS = 1_000_000;
/** A mirror is waited for as for the program itself. GitHub turns away for an hour whoever asks too much. */
const MIRROR_TOTAL_MS = 5 * 60_000;
const GITHUB_TOTAL_MS = 10_000;
const RETRIES = { attempts: 3, busyAttempts: BUSY_ATTEMPTS, longestPauseMs: 60_000 };

/** What a release says about one of its assets. */
export interface Published {
  /** Lower-case hex; undefined if none is published or can be read. */
  digest?: string | undefined;
  /** The address that was asked. */
  source: string;
  /** Why what is published there cannot be read. */
  trouble?: string | undefined;
}

/**
 * The SHA-256 that a release publishes for one of its assets: GitHub's API names it for every asset, a mirror can put a
 * file `<asset>.sha256` beside it.
 *
 * @param url address of the asset
 * @param pause how to wait between attempts; real time unless given
 */
export async function publishedDigest(
  url: string,
  env: NodeJS.ProcessEnv,
  pause?: (ms: number) => Promise<void>,
): Promise<Published> {
  const github = url.match(
    /^https:\/\/github\.com\/([^/]+\/[^/]+)\/releases\/(?:download\/([^/]+)|(latest)\/download)\/([^/]+)$/,
  );
  const [, repository, tag, , asset] = github ?? [];
  const source = github
    ? `https://api.github.com/repos/${repository}/releases/${tag ? `tags/${tag}` : "latest"}`
    : `${url}.sha256`;
  try {
    const totalMs = github ? GITHUB_TOTAL_MS : MIRROR_TOTAL_MS;
    const text = await withRetries({ ...RETRIES, totalMs, env, pause }, () => textAt(source, env));
    return { source, ...(text !== undefined && { digest: github ? digestIn(text, asset) : digestOf(text) }) };
  } catch (error) {
    return { source, trouble: reasonOf(error) };
  }
}

/** @throws if it is no digest, such as a page that says so with status 200 */
function digestOf(text: string): string {
  const digest = text.match(/^[0-9a-fA-F]{64}\b/)?.[0];
  if (digest === undefined) throw new Error("it holds no SHA-256 in hex");
  return digest.toLowerCase();
}

/** Releases of before GitHub's digests have none. */
function digestIn(release: string, asset: string | undefined): string | undefined {
  const { assets }: { assets?: { name?: string; digest?: string | null }[] } = JSON.parse(release);
  return assets?.find(({ name }) => name === asset)?.digest?.match(/^sha256:([0-9a-f]{64})$/)?.[1];
}

/** Undefined if there is none. */
async function textAt(url: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const headers = { "user-agent": "amp-module", accept: "*/*" };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await requestThroughProxy(new URL(url), { env, headers, signal });
  try {
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw await refused(answer);
    const text = await bodyText(answer, MAX_CHARACTERS);
    if (text.length > MAX_CHARACTERS) throw new AttemptError("it is too long", { isFinal: true });
    return text;
  } finally {
    answer.close();
  }
}
