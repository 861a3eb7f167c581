import { bodyText } from "../../base/http.ts";
import { requestThroughProxy } from "../../base/proxied-http.ts";

const TIMEOUT_MS = 5_000;
const MAX_CHARACTERS = 1_000_000;

/**
 * The SHA-256 that a release publishes for one of its assets: GitHub's API names it for every asset, a mirror can put a
 * file `<asset>.sha256` beside it.
 *
 * @param url address of the asset
 * @returns lower-case hex, or undefined where none is published or the question gets no answer
 */
export async function publishedDigest(url: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const github = url.match(
    /^https:\/\/github\.com\/([^/]+\/[^/]+)\/releases\/(?:download\/([^/]+)|(latest)\/download)\/([^/]+)$/,
  );
  if (!github) return (await textAt(`${url}.sha256`, env))?.match(/^[0-9a-fA-F]{64}\b/)?.[0].toLowerCase();
  const [, repository, tag, , asset] = github;
  const release = await textAt(
    `https://api.github.com/repos/${repository}/releases/${tag ? `tags/${tag}` : "latest"}`,
    env,
  );
  return digestIn(release, asset);
}

function digestIn(release: string | undefined, asset: string | undefined): string | undefined {
  try {
    const { assets }: { assets?: { name?: string; digest?: string }[] } = JSON.parse(release ?? "{}");
    return assets?.find(({ name }) => name === asset)?.digest?.match(/^sha256:([0-9a-f]{64})$/)?.[1];
  } catch {
    return undefined;
  }
}

async function textAt(url: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    const headers = { "user-agent": "amp-module", accept: "*/*" };
    const answer = await requestThroughProxy(new URL(url), {
      env,
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    try {
      if (answer.status !== 200) return undefined;
      const text = await bodyText(answer, MAX_CHARACTERS);
      return text.length > MAX_CHARACTERS ? undefined : text;
    } finally {
      answer.close();
    }
  } catch {
    return undefined;
  }
}
