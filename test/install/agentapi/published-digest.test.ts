import { expect, onTestFinished, test } from "vitest";
import { type Published, publishedDigest } from "../../../src/install/agentapi/published-digest.ts";
import { type Route, startFileServer } from "../../support/file-server.ts";

const digest = "0123456789abcdef".repeat(4);

async function ask(route: Route | string | undefined): Promise<Published> {
  const server = await startFileServer(route === undefined ? {} : { "/agentapi-linux-amd64.sha256": route });
  onTestFinished(() => server.close());
  const answer = await publishedDigest(`${server.url}/agentapi-linux-amd64`, {});
  expect(server.count()).toBe(1);
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
  ["a page that says so with status 200", "<html>not found</html>", /no SHA-256/],
  ["a longer hex text", digest + digest, /no SHA-256/],
  ["a status", { status: 503 }, /HTTP 503/],
  ["a reset", { reset: true }, /./],
])("no digest, and why, where the mirror has %s", async (_, answer, trouble) => {
  const route = typeof answer === "object" ? { content: digest, fault: answer } : answer;
  const published = await ask(route);
  expect(published.digest).toBeUndefined();
  expect(published.trouble).toMatch(trouble);
});
