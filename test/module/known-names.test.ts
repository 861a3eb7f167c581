import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { findRealAmp, type RealAmp, whyNoRealAmp } from "../support/amp.ts";
import { moduleRoot } from "../support/terraform.ts";

let amp: RealAmp;
beforeAll(async () => {
  const found = await findRealAmp();
  if (!found) throw new Error(`the real Amp cannot be had: ${whyNoRealAmp()}`);
  amp = found;
});

const source = readFileSync(join(moduleRoot, "known-names.tf"), "utf8");
/** The strings of one list in known-names.tf. */
function listed(name: string): string[] {
  const [, list = ""] =
    source.match(new RegExp(`\\b${name} += (?:formatlist\\("amp\\.%s", )?\\[([^\\]]*)\\]`)) ?? [];
  return [...list.matchAll(/"([^"]+)"/g)].map(([, text = ""]) => text);
}

async function permissions(args: string[], settings = {}): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), "amp-module-names-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const file = join(home, "settings.json");
  writeFileSync(file, JSON.stringify(settings));
  const env = { HOME: home, PATH: process.env["PATH"] ?? "", AMP_API_KEY: "key", NO_COLOR: "1" };
  const all = ["--settings-file", file, "permissions", ...args];
  return (await execa(amp.path, all, { env, extendEnv: false, cwd: home, timeout: 30_000 })).stdout;
}

test("the tools are those that the real Amp has rules for", async () => {
  const rules: { tool: string }[] = JSON.parse(await permissions(["list", "--builtin", "--json"]));
  const names = new Set(rules.map(({ tool }) => tool).filter((tool) => !tool.includes("*")));
  expect(listed("tools").toSorted()).toEqual([...names].toSorted());
});

test("every setting stands in the real Amp's text", () => {
  const binary = readFileSync(amp.path);
  const isThere = (name: string) =>
    ["utf16le" as const, "latin1" as const].some((encoding) => binary.includes(name, encoding));
  expect(listed("settings").length).toBeGreaterThan(40);
  expect(listed("settings").filter((name) => !isThere(name))).toEqual([]);
});

test("the keys of a rule are those that the real Amp reads", async () => {
  const rule = { tool: "T1", action: "reject", message: "M1", context: "thread", matches: { a: "X1" } };
  const delegating = { tool: "T2", action: "delegate", to: "P1", match: { a: "passed-over" } };
  const text = await permissions(["list"], { "amp.permissions": [rule, delegating] });
  for (const word of ["T1", "reject", "M1", "thread", "X1", "T2", "delegate", "P1"])
    expect(text).toContain(word);
  expect(text).not.toContain("passed-over");
  expect(listed("rule_keys").toSorted()).toEqual([...new Set([...Object.keys(rule), "to"])].toSorted());
});
