import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cases, describeOutcome, type Outcome } from "./compare-sdk/cases.ts";
import { moduleRoot } from "./terraform.ts";

const good: Outcome = {
  hasEnded: true,
  seen: ["system", "result:success"],
  error: undefined,
  rssMb: 90,
  left: 0,
  printed: "",
  project: "/tmp/x/project",
  args: [],
  files: [],
};

function told(fault: string, outcome: Partial<Outcome>): string {
  const each = cases.find((one) => one.fault === fault);
  if (!each) throw new Error(`there is no case ${fault}`);
  return describeOutcome(each, { ...good, ...outcome });
}

test("a cell tells what was seen, how it ended and what was left", () => {
  expect(told("broken-line", {})).toBe("system, result:success; ends without an error");
  expect(told("stubborn", { left: 1 })).toBe(
    "system, result:success; ends without an error; **leaves 1 process running**",
  );
  // What ended it from outside has left the rest.
  expect(told("stays", { hasEnded: false, left: 1 })).toBe(
    "system, result:success; **hangs**, ended after 20 s",
  );
  expect(told("stderr", { seen: [], error: "timeout: a | b" })).toBe(
    "no event; throws `timeout: a \\| b`; 90 MB of memory",
  );
});

test("a secret is found in arguments, in files of the project and on the terminal", () => {
  const args = ['{"TOKEN":"s3cret-of-an-mcp-server"}'];
  const files = [{ path: "/tmp/x/project/.tmp/settings.json", mode: "644" }];
  expect(told("secrets", { args, files, printed: "settings" })).toBe(
    "system, result:success; ends without an error; **the secret stands in the argument list**; " +
      "a file of mode 644 in **the project's folder**; **prints the settings to the user's terminal**",
  );
  expect(told("secrets", { files: [{ path: "/tmp/y/settings.json", mode: "600" }] })).toMatch(
    /no secret in the argument list; a file of mode 600 in a private folder$/,
  );
});

test("the package's README has a row for each case", async () => {
  const readme = await readFile(join(moduleRoot, "packages/amp-client/README.md"), "utf8");
  const table = readme.slice(readme.indexOf("<!-- compare-sdk -->"), readme.indexOf("<!-- /compare-sdk -->"));
  const rows = table.split("\n").map((line) => line.split("|")[1]?.trim());
  expect(rows).toEqual(expect.arrayContaining(cases.map(({ title }) => title)));
});
