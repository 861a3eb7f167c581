import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createRedact } from "../../../src/base/redact.ts";
import { applySettings } from "../../../src/install/settings/apply.ts";
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

const whole = {
  one: { command: "npx", args: ["-y", "first", "--token-file", "/run/secrets/mcp"] },
  two: { url: "https://mcp.example.com", headers: { "X-Team": "a" } },
};

test("an answer that ends anywhere short of its end changes nothing, and is a warning", async () => {
  const text = json(whole);
  const { server, at, fetch } = await setUp({ "/a": text });
  await fetch();
  for (const length of [1, 20, 40, 60, 80, text.length - 2, text.length - 1]) {
    server.set("/a", text.slice(0, length));
    at.lines.length = 0;
    expect(await fetch()).toEqual(whole);
    expect(at.lines.join("\n")).toMatch(
      /warn: .*its last good answer is used: .*no valid JSON, or was cut short/,
    );
  }
});

test("too deep, too many or too large: a failure, not a start that ends", async () => {
  const deep = `{"one":{"command":"a","x":${'{"a":'.repeat(3000)}1${"}".repeat(3000)}}}`;
  const many = json(Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`s${i}`, { command: "a" }])));
  const large = json({ one: { command: "a", args: ["x".repeat(140 * 1024)] } });
  const { at, fetch } = await setUp({ "/deep": deep, "/many": many, "/large": large });
  expect(await fetch()).toEqual({});
  const warnings = at.lines.filter((line) => line.startsWith("warn:")).join("\n");
  expect(warnings).toMatch(/nested more than 12 levels deep/);
  expect(warnings).toMatch(/has 3000 servers, more than 100/);
  expect(warnings).toMatch(/more than 131072 bytes came/);
});

test("the most and the deepest that are taken reach the settings", async () => {
  const nest = (levels: number): unknown => (levels === 0 ? "end" : { a: nest(levels - 1) });
  const list = Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [`s${i}`, { command: "a", args: ["x".repeat(1000)], x: nest(9) }]),
  );
  const { at, fetch } = await setUp({ "/a": json(list) });
  await applySettings(at.context, at.log);
  expect(at.lines.filter((line) => line.startsWith("warn:"))).toEqual([]);
  const settings = JSON.parse(readFileSync(at.context.paths.ampSettings, "utf8"));
  expect(settings["amp.mcpServers"]).toEqual(list);
  expect(await fetch()).toEqual(list);
});

test("no parameter of an address is shown, and what its servers get is masked from then on", async () => {
  const servers = json({ one: { command: "a", env: { PASSPHRASE: "hunter2-in-env" } } });
  const { server, fetch, at } = await setUp({ "/a": servers });
  at.context.redact = createRedact({});
  const [url] = at.context.config.mcp_config_remote_path;
  at.context.config.mcp_config_remote_path = [
    `${url}?t=hunter2-in-query`,
    `not an address?t=hunter2-in-query`,
  ];
  await fetch();
  expect(at.context.redact("with hunter2-in-env")).toBe("with [redacted]");
  server.set("/a", { content: "", fault: { status: 404 } });
  await fetch();
  const said = at.lines.join("\n");
  expect(said).toContain(`${url}?…: HTTP 404`);
  expect(said).not.toContain("hunter2");
});

test("what an address answered is kept for as long as the template names it", async () => {
  const { at, fetch } = await setUp({ "/a": json(whole), "/b": json({ three: { command: "b" } }) });
  const kept = () => readdirSync(at.context.paths.state).filter((name) => name.startsWith("remote-mcp-"));
  await fetch();
  expect(kept()).toHaveLength(2);
  at.context.config.mcp_config_remote_path.pop();
  await fetch();
  expect(kept()).toHaveLength(1);
  writeFileSync(join(at.context.paths.state, "remote-mcp-0123456789abcdef.json.new"), "left by a killed run");
  at.context.config.mcp_config_remote_path.pop();
  await fetch();
  expect(kept()).toEqual([]);
});
