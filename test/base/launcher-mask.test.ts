import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { harmless } from "../../src/base/harmless.ts";
import { createRedact } from "../../src/base/redact.ts";
import { moduleRoot } from "../support/terraform.ts";

const launcher = readFileSync(join(moduleRoot, "scripts/amp-module.sh"), "utf8");
const mask = launcher.match(/^mask\(\) \{\n[\s\S]*?\n\}\n/m)?.[0] ?? "";

const env = {
  AMP_API_KEY: "key-0123456789",
  LONGER_TOKEN: "key-0123456789-and-more",
  lower_secret: "lower-0123",
  DB_PASSWD: "passwd-0123",
  GIT_CREDENTIALS: "credentials-0123",
  AUTHORIZATION_HEADER: "ApiKey header-0123",
  SEVERAL_KEYS: "first-line-1\n  second-line-2 \r\nthird",
  SHORT_KEY: "debug",
  EMPTY_TOKEN: "",
  HARMLESS: "ordinary-0123456789",
};

/** What both make of a line. Only behind `Authorization:` may the launcher mask more, to the end of the line. */
const cases: [line: string, shown: string, byLauncher?: string][] = [
  ["key key-0123456789key-0123456789.", "key [redacted][redacted]."],
  ["key-0123456789-and-more key-0123456789-and", "[redacted] [redacted]-and"],
  ["lower-0123, passwd-0123, credentials-0123", "[redacted], [redacted], [redacted]"],
  ["sent ApiKey header-0123 x", "sent [redacted] x"],
  ["a first-line-1 b second-line-2 c third", "a [redacted] b [redacted] c third"],
  ["debug ordinary-0123456789 token key", "debug ordinary-0123456789 token key"],
  ["an own one: sgamp_user_01ab_CD and it's over", "an own one: [redacted] and it's over"],
  ["Authorization: Bearer abc.def", "Authorization: [redacted]"],
  ["AUTHORIZATION=abc.def", "AUTHORIZATION=[redacted]"],
  [
    '{"authorization":"Bearer abc.def","x":1}',
    '{"authorization":"[redacted]","x":1}',
    '{"authorization":"[redacted]',
  ],
  ["map[Authorization:[Basic abc.def]", "map[Authorization:[[redacted]"],
  ["GET https://u:p@ss@host/x?mail=a@b ok", "GET https://[redacted]@host/x?mail=a@b ok"],
  ["postgres://me:abc@host:1/x", "postgres://[redacted]@host:1/x"],
  ["https://host/x?token=abc&a=b 404", "https://host/x?token=[redacted]&a=b 404"],
  ["https://host/x?a=b&X-Amz-Signature=ab%2E#c", "https://host/x?a=b&X-Amz-Signature=[redacted]#c"],
  ["https://host/x?mode=fast&a=b", "https://host/x?mode=fast&a=b"],
  [
    "https://host/auth/cli-login?authToken=abc.def&x=1",
    "https://host/auth/cli-login?authToken=[redacted]&x=1",
  ],
  ["authToken=abc.def x", "authToken=[redacted] x"],
  ["a\u001b[31mred\u001b[0m \u001b]0;title\u0007b\bc", "ared bc"],
  ["key-\u001b[1m0123456789", "[redacted]"],
];

test("the launcher masks what src/base/redact.ts masks", async () => {
  expect(mask).toContain("awk");
  const redact = createRedact(env);
  expect(cases.map(([line]) => redact(harmless(line)))).toEqual(cases.map(([, shown]) => shown));

  const input = cases.map(([line]) => `${line}\n`).join("");
  const { stdout } = await execa("sh", ["-c", `${mask}mask`], { env, input });
  expect(stdout.split("\n")).toEqual(cases.map(([, shown, byLauncher]) => byLauncher ?? shown));
});

test("both take the same names for a secret's", () => {
  const names = (text: string, pattern: RegExp) => text.match(pattern)?.[1];
  const source = readFileSync(join(moduleRoot, "src/base/redact.ts"), "utf8");
  const ours = names(source, /SECRET_NAME = \/\(([A-Z|]+)\)/);
  expect(ours).toContain("TOKEN");
  expect(names(launcher, /toupper\(name\) !~ \/([A-Z|]+)\//)).toBe(ours);
});
