import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const declared = (path: string, kind: string) =>
  [...read(path).matchAll(new RegExp(`^${kind} "(\\w+)"`, "gm"))].map((match) => match[1] ?? "");

const readme = read("README.md");

test.each([
  ...declared("variables.tf", "variable"),
  ...declared("deprecated.tf", "variable"),
])("the README explains the variable %s", (name) => expect(readme).toMatch(new RegExp(`\`${name}\``)));

test.each(declared("outputs.tf", "output"))("the README names the output %s", (name) =>
  expect(readme).toContain(`\`${name}\``));

test("the README's variable table names nothing that is not declared", () => {
  const table = readme.slice(readme.indexOf("## Variables"), readme.indexOf("Deprecated, still accepted"));
  const named = [...table.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap((row) =>
    [...(row[1] ?? "").matchAll(/`(\w+)`/g)].map((match) => match[1]),
  );
  expect(named.toSorted()).toEqual(declared("variables.tf", "variable").toSorted());
});

test("links to files of this project lead somewhere", () => {
  for (const [, target] of readme.matchAll(/\]\(((?!https?:)[^)#]+)\)/g))
    expect(read(target ?? "")).toBeTruthy();
});
