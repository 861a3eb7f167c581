import { expect, onTestFinished, test } from "vitest";
import { remoteServers } from "../../../src/install/settings/remote-servers.ts";
import { type Route, startFileServer } from "../../support/file-server.ts";
import { example } from "../module-home.ts";

const json = (value: unknown) => JSON.stringify(value);

async function setUp(routes: Record<string, Route | string>) {
  const server = await startFileServer(routes);
  onTestFinished(() => server.close());
  const urls = Object.keys(routes).map((path) => server.url + path);
  const at = example({ config: { mcp_config_remote_path: urls } });
  return { server, at, fetch: () => remoteServers(at.context, at.log) };
}

test("asks all addresses side by side; of two servers with one name the later one's counts", async () => {
  const { fetch } = await setUp({
    "/a": { content: json({ one: { command: "a" }, two: { command: "a" } }), fault: { delayMs: 600 } },
    "/b": { content: json({ mcpServers: { two: { url: "http://b" } } }), fault: { delayMs: 600 } },
    "/c": { content: json({ "amp.mcpServers": { three: { command: "c" } } }), fault: { delayMs: 600 } },
  });
  const started = performance.now();
  const servers = await fetch();
  expect(servers).toEqual({ one: { command: "a" }, two: { url: "http://b" }, three: { command: "c" } });
  expect(performance.now() - started).toBeLessThan(1700);
});

test.each([
  ["no JSON", "<html>", /not a JSON object/],
  ["a list", "[]", /not a JSON object/],
  ["a server without command and url", json({ one: { args: [] } }), /"one" .* neither a command nor a url/],
])("%s is a warning with the address; the other servers stay", async (_, content, reason) => {
  const { server, at, fetch } = await setUp({ "/bad": content, "/good": json({ two: { command: "x" } }) });
  expect(await fetch()).toEqual({ two: { command: "x" } });
  const warnings = at.lines.filter((line) => line.startsWith("warn:"));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(reason);
  expect(warnings[0]).toContain(`its servers are missing: ${server.url}/bad`);
});

test("one that fails is answered for by its last good answer", async () => {
  const { server, at, fetch } = await setUp({ "/a": json({ one: { command: "a" } }) });
  expect(await fetch()).toEqual({ one: { command: "a" } });
  server.set("/a", { content: "", fault: { status: 404 } });
  expect(await fetch()).toEqual({ one: { command: "a" } });
  expect(at.lines.join("\n")).toMatch(/warn: .*its last good answer is used: .*HTTP 404/);
  server.set("/a", json({ one: "damaged" }));
  expect(await fetch()).toEqual({ one: { command: "a" } });
});

test("a damaged last answer and an address that is none cost nothing but a warning", async () => {
  const { context, log, lines } = example({
    config: {
      mcp_config_remote_path: ["not an address", "https://bob:hidden@127.0.0.1:9/x", "file:///etc/passwd"],
    },
  });
  expect(await remoteServers(context, log)).toEqual({});
  expect(lines.filter((line) => line.startsWith("warn: mcp_config_remote_path"))).toHaveLength(3);
  expect(lines.join("\n")).not.toContain("hidden");
});
