import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRedact, mcpSecrets, urlSecrets } from "../../src/base/redact.ts";
import { holds } from "../support/fuzz.ts";

/** Short enough to be a word by accident, were it not for its characters. */
const secret = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 8, maxLength: 30 }),
  fc.string({ unit: fc.constantFrom(..."$.*+?^(){}[]|\\/\"'<>& %a"), minLength: 8, maxLength: 20 }),
  fc.constantFrom("sk-live-0123456789", "redacted", "aaaaaaaaaa", "p@ss w0rd/?#%"),
);
const around = fc.string({ unit: fc.constantFrom(...'abc \n"{}'), maxLength: 10 });

const go = (text: string) =>
  JSON.stringify(text)
    .slice(1, -1)
    .replaceAll("<", "\\u003c")
    .replaceAll(">", "\\u003e")
    .replaceAll("&", "\\u0026");

/** How a log may hold it, by name. */
const writings: Record<string, (text: string) => string> = {
  plain: (text) => text,
  "JSON-escaped": (text) => JSON.stringify({ text }),
  "JSON-escaped by Go": (text) => `{"text":"${go(text)}"}`,
  "URL-escaped": (text) => `https://host/x?y=${encodeURIComponent(text)}&z`,
  "form-encoded": (text) => new URLSearchParams({ text }).toString(),
};

describe("a secret does not survive", () => {
  test.each(Object.entries(writings))("%s", async (_name, write) => {
    await holds(
      fc.property(secret, around, around, (value, before, behind) => {
        // "redacted" itself stands in the mask.
        fc.pre(!"[redacted]".includes(value));
        const written = write(value);
        const masked = createRedact({ MY_API_KEY: value })(`${before}${written}${behind}`);
        expect(masked).toContain("[redacted]");
        for (const spelling of [
          value,
          JSON.stringify(value).slice(1, -1),
          encodeURIComponent(value),
          go(value),
        ]) {
          expect(masked.includes(spelling), masked).toBe(false);
        }
      }),
    );
  });

  test("nor does any line of one with several, or its JSON form", () => {
    const key = "-----BEGIN KEY-----\r\n  MIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----";
    const redact = createRedact({ SSH_PRIVATE_KEY: key });
    for (const part of [key, JSON.stringify(key), ...key.split("\n").map((line) => line.trim())]) {
      expect(redact(`x ${part} y`)).not.toMatch(/MIIEvQ|kqhkiG/);
      expect(redact(`x ${part} y`)).toContain("[redacted]");
    }
  });

  test("no end of two that overlap stays readable, in whatever order they are named", async () => {
    await holds(
      fc.property(
        fc.shuffledSubarray(["abcdefgh1234", "1234ijklmnop", "ijklmnopqrst"], { minLength: 3 }),
        (values) => {
          expect(createRedact({}, values)("= abcdefgh1234ijklmnopqrst =")).toBe("= [redacted] =");
        },
      ),
    );
    expect(createRedact({}, ["aaaaaaaa"])("aaaaaaaaaaa")).toBe("[redacted]");
    expect(createRedact({}, ["secret-one", "secret-one-longer"])("secret-one-longer")).toBe("[redacted]");
  });

  test.each([
    "AMP_API_KEY",
    "coder_agent_token",
    "DbPassword",
    "GIT_CREDENTIALS",
    "X_SECRET_Y",
  ])("%s is a secret's name", (name) =>
    expect(createRedact({ [name]: "0123456789" })("a 0123456789 b")).toBe("a [redacted] b"));

  test("half of a surrogate pair in a value is no reason to fail", () => {
    expect(createRedact({}, ["\ud83d-0123456789"])("a \ud83d-0123456789 b")).toBe("a [redacted] b");
  });
});

describe("Authorization headers and passwords in URLs, whatever their value", () => {
  test.each([
    "Authorization: Bearer abc.def",
    "authorization: ApiKey abc.def",
    "AUTHORIZATION=abc.def",
    "Proxy-Authorization: Basic abc.def",
    '{"authorization":"Bearer abc.def","x":1}',
    '{"Authorization":["Bearer abc.def"]}',
    '"{\\"authorization\\":\\"Token abc.def\\"}"',
    "map[Authorization:[Bearer abc.def]]",
    "Authorization: AWS4-HMAC-SHA256 Credential=x/y, Signature=abc.def",
    "fetch https://user:abc.def@host/x",
    "postgres://me:a@abc.def@host:1/x",
    "https://abc.def@host",
  ])("%s", (text) => {
    const masked = createRedact({})(text);
    expect(masked).toContain("[redacted]");
    expect(masked).not.toContain("abc.def");
  });

  test("the rest of the line stays", () => {
    expect(createRedact({})('{"authorization":"Bearer x","host":"h"}')).toBe(
      '{"authorization":"[redacted]","host":"h"}',
    );
    expect(createRedact({})("GET https://u:p@host/x?mail=a@b ok\nnext")).toBe(
      "GET https://[redacted]@host/x?mail=a@b ok\nnext",
    );
  });
});

describe("parameters of an address", () => {
  test.each([
    ["GET https://host/x?token=abc.def&a=b 404", "GET https://host/x?token=[redacted]&a=b 404"],
    ["https://host/x?a=b&X-Amz-Signature=abc%2Edef#c", "https://host/x?a=b&X-Amz-Signature=[redacted]#c"],
    ['{"url":"https://host/?api_key=abc.def"}', '{"url":"https://host/?api_key=[redacted]"}'],
    ["wss://host?wsToken=abc.def", "wss://host?wsToken=[redacted]"],
    ["https://host/x?mode=fast&a=b", "https://host/x?mode=fast&a=b"],
  ])("%s", (text, masked) => expect(createRedact({})(text)).toBe(masked));

  test("those of an address that the template names are secrets, whatever their names", () => {
    expect(urlSecrets("https://host/x?t=0123456789&abcdefghij#c")).toEqual(["0123456789", "abcdefghij"]);
    expect(urlSecrets("https://host/x")).toEqual([""]);
    expect(createRedact({}, urlSecrets("not an address?t=0123456789"))("0123456789?t=")).toBe(
      "[redacted]?t=",
    );
  });

  test("a long text without one costs no time", () => {
    const started = performance.now();
    createRedact({})(`?${"key".repeat(20_000)}`.repeat(3));
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

test("what is learnt later is masked as well", () => {
  const redact = createRedact({ MY_KEY: "0123456789" });
  redact.learn?.(["abcdefghij", "short"]);
  expect(redact("0123456789 abcdefghij short")).toBe("[redacted] [redacted] short");
});

test("ordinary words stay", async () => {
  const redact = createRedact({
    PATH: "/usr/bin:/bin",
    HOME: "/home/coder",
    EMPTY_TOKEN: "",
    SHORT_KEY: "debug",
    AMP_API_KEY: "sgamp_0123456789",
  });
  await holds(
    fc.property(
      fc
        .array(
          fc.constantFrom(
            "debug",
            "/home/coder",
            "the",
            "key",
            "token:",
            "https://host/a@b",
            "\n",
            "me@host",
          ),
        )
        .map((words) => words.join(" ")),
      (text) => {
        expect(redact(text)).toBe(text);
      },
    ),
  );
});

describe("MCP servers", () => {
  test("values of env and headers are secrets; a header's also without its scheme", () => {
    const found = mcpSecrets({
      a: { command: "c", args: ["not-this-one"], env: { TOKEN: "env-value-1", N: 3 } },
      b: { url: "https://host", headers: { Authorization: "Bearer header-value-1" } },
    });
    expect(found).toEqual(["env-value-1", "Bearer header-value-1", "header-value-1"]);
  });

  test.each([
    undefined,
    null,
    3,
    "x",
    [],
    { a: null },
    { a: { env: [] } },
    { a: { headers: "x" } },
  ])("%j has none", (servers) => expect(mcpSecrets(servers)).toEqual([]));
});
