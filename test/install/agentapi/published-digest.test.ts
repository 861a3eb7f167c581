import { expect, onTestFinished, test } from "vitest";
import { type Published, publishedDigest } from "../../../src/install/agentapi/published-digest.ts";
import { type Route, startFileServer } from "../../support/file-server.ts";

const digest = "0123456789abcdef".repeat(4);

async function ask(route: Route | string | undefined, requests = 1): Promise<Published> {
  const server = await startFileServer(route === undefined ? {} : { "/agentapi-linux-amd64.sha256": route });
  onTestFinished(() => server.close());
  const answer = await publishedDigest(`${server.url}/agentapi-linux-amd64`, {}, async () => {});
  expect(server.count()).toBe(requests);
  return answer;
}

test.each([
  ["the digest alone", digest],
  ["sha256sum's line", `${digest}  agentapi-linux-amd64\n`],
  ["upper case", digest.toUpperCase()],
])("a mirror's .sha256 file: %s", async (_, text) => {
  expect(await ask(text)).toMatchObject({ digest, source: expect.stringMatching(/\.sha256$/) });
});

test("none published is no trouble", async () => {
  const { source, ...rest } = await ask(undefined);
  expect(rest).toEqual({});
});

test.each([
  ["a page that says so with status 200", "<html>not found</html>", 1, /no SHA-256/],
  ["a longer hex text", digest + digest, 1, /no SHA-256/],
  ["a status", { status: 403 }, 1, /HTTP 403/],
  ["a status that may pass", { status: 503 }, 3, /HTTP 503.*3 times/],
  ["too many clients", { status: 429 }, 8, /HTTP 429.*8 times/],
  ["a reset", { reset: true }, 3, /3 times/],
])("no digest, and why, where the mirror has %s", async (_, answer, requests, trouble) => {
  const route = typeof answer === "object" ? { content: digest, fault: answer } : answer;
  const published = await ask(route, requests);
  expect(published.digest).toBeUndefined();
  expect(published.trouble).toMatch(trouble);
});

test("a mirror that turns the first requests away is asked again: the download is compared all the same", async () => {
  const faults = [{ status: 429 }, { reset: true }, { status: 429, retryAfter: 2 }];
  expect(await ask({ content: digest, faults }, 4)).toMatchObject({ digest });
});
