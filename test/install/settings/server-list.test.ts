import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseServerList } from "../../../src/install/settings/server-list.ts";
import { holds } from "../../support/fuzz.ts";
import { planModule, type TerraformError } from "../../support/terraform.ts";

const parse = (value: unknown) => parseServerList(Buffer.from(JSON.stringify(value)));
const SECRET = "hunter2-0123456789";

/** One server each, by what is wrong with it. The plan and the workspace must agree about every one. */
const wrong: Record<string, unknown> = {
  "no object": "npx",
  "a list": ["npx"],
  nothing: null,
  "neither command nor url": { args: [SECRET] },
  "both command and url": { command: "a", url: "https://host" },
  "a blank command": { command: " " },
  "a command that is a list": { command: ["a", SECRET] },
  "a command that is null": { command: null },
  "a url without a scheme": { url: `host/${SECRET}` },
  "a url with white space": { url: `https://host/a ${SECRET}` },
  "a file": { url: "file:///etc/passwd" },
  "a type of the other kind": { command: "a", type: "http" },
  "a transport that is unknown": { url: "https://host", transport: SECRET },
  "args that are a string": { command: "a", args: SECRET },
  "an argument that is a number": { command: "a", args: ["x", 3] },
  "args that are null": { command: "a", args: null },
  "env that is a list": { command: "a", env: [SECRET] },
  "an env value that is a number": { command: "a", env: { A: SECRET, B: 3 } },
  "headers that are a string": { url: "https://host", headers: SECRET },
  "a header that is null": { url: "https://host", headers: { A: null } },
};

const right: Record<string, unknown> = {
  least: { command: "a" },
  all: {
    command: "a b",
    args: ["", "x"],
    env: { A: "", B: "x" },
    type: "stdio",
    disabled: true,
    other: { x: [1] },
  },
  address: { url: "https://host/x?y=z", headers: { A: "" }, transport: "streamable-http" },
  "an address that Amp fills in": { url: `$${"{MCP_URL}"}/x`, type: "sse" },
  'a name with "quotes" and Zoë': { command: "ä" },
};

test.each(Object.entries(wrong))("refused: %s, without its value in the message", (name, server) => {
  let message = "";
  try {
    parse({ good: { command: "a" }, [name]: server });
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain(JSON.stringify(name));
  expect(message).not.toContain(SECRET);
});

test("taken: what Amp can use, bare or below one of the names that other agents' files have", () => {
  expect(parse(right)).toEqual(right);
  expect(parse({ mcpServers: right })).toEqual(right);
  expect(parse({ "amp.mcpServers": right })).toEqual(right);
  expect(parse({ mcpServers: { command: "a" } })).toEqual({ mcpServers: { command: "a" } });
  expect(parse({})).toEqual({});
  expect(parseServerList(Buffer.from("\ufeff{}"))).toEqual({});
});

describe("refused as a whole", () => {
  test.each([
    ["", /no valid JSON/],
    ['{"a":{"command":"x"},}', /no valid JSON/],
    ['{"a":{"command":"x"}} {"b"', /no valid JSON/],
    ["null", /not a JSON object/],
    ['"text"', /not a JSON object/],
    ['{"mcpServers":{},"left":{"command":"x"}}', /more than servers beside "mcpServers"/],
  ])("%j", (text, reason) => {
    expect(() => parseServerList(Buffer.from(text))).toThrow(reason);
  });

  test("one cut inside of a letter", () => {
    const bytes = Buffer.from('{"ä":{"command":"ä"}}');
    for (let end = 0; end < bytes.length; end++) {
      expect(() => parseServerList(bytes.subarray(0, end))).toThrow(/no valid JSON/);
    }
  });
});

test("the plan refuses the same servers in mcp, and takes the same", async () => {
  const refused = await planModule({
    variables: { workdir: "/w", mcp: JSON.stringify({ ...right, ...wrong }) },
  }).catch((error: unknown) => error);
  const { text } = refused as TerraformError;
  for (const name of Object.keys(wrong)) expect(text).toContain(`server ${JSON.stringify(name)} `);
  for (const name of Object.keys(right)) expect(text).not.toContain(`server ${JSON.stringify(name)} `);
}, 60_000);

describe("for any answer", () => {
  const name = fc.oneof(
    fc.string(),
    fc.constantFrom("__proto__", "constructor", "mcpServers", "amp.mcpServers", "command", "url"),
  );
  const strings = fc.dictionary(fc.string(), fc.string());
  const good = fc.oneof(
    fc.record(
      { command: fc.constantFrom("npx", "a b"), args: fc.array(fc.string()), env: strings },
      { requiredKeys: ["command"] },
    ),
    fc.record(
      { url: fc.constantFrom("https://host/x", "http://h:1"), headers: strings },
      { requiredKeys: ["url"] },
    ),
  );
  const listed = (server: fc.Arbitrary<unknown>) =>
    fc.array(fc.tuple(name, server), { maxLength: 5 }).map((entries) => Object.fromEntries(entries));

  test("it is a list in which every server is one, or an error that holds no value of it", async () => {
    const canary = fc.constant(SECRET);
    const bad = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          command: fc.oneof(canary, fc.array(canary)),
          url: canary,
          args: fc.oneof(canary, fc.array(fc.oneof(canary, fc.nat()))),
          env: fc.dictionary(fc.string(), fc.oneof(canary, fc.nat())),
        },
        { requiredKeys: [] },
      ),
    );
    const body = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.tuple(listed(fc.oneof(good, bad)), fc.nat(80), fc.boolean()).map(([servers, end, isWrapped]) => {
        const text = JSON.stringify(isWrapped ? { mcpServers: servers } : servers);
        return Buffer.from(end < 20 ? text.slice(0, -end || undefined) : text);
      }),
    );
    await holds(
      fc.property(body, (bytes) => {
        let servers: Record<string, unknown>;
        try {
          servers = parseServerList(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect((error as Error).message).toMatch(/answer/);
          expect((error as Error).message).not.toContain(SECRET);
          return;
        }
        for (const server of Object.values(servers)) {
          const { command, url } = server as { command?: unknown; url?: unknown };
          expect([typeof command, typeof url].sort()).toEqual(["string", "undefined"]);
        }
      }),
    );
  });

  test("a good list comes through as it is, below a wrapper, too", async () => {
    await holds(
      fc.property(listed(good), fc.constantFrom("", "mcpServers", "amp.mcpServers"), (servers, wrapper) => {
        // A single server of such a name could be the wrapper itself.
        fc.pre(!("mcpServers" in servers || "amp.mcpServers" in servers));
        const answer = wrapper === "" ? servers : { [wrapper]: servers };
        expect(parse(answer)).toEqual(JSON.parse(JSON.stringify(servers)));
      }),
    );
  });
});
