import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { moduleVariables } from "../tools/variables.ts";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const declared = (path: string, kind: string) =>
  [...read(path).matchAll(new RegExp(`^${kind} "(\\w+)"`, "gm"))].map((match) => match[1] ?? "");

const readme = read("README.md");

const variables = moduleVariables();
const current = variables.filter(({ file }) => file !== "deprecated.tf");

test.each(variables.map(({ name }) => name))("the README explains the variable %s", (name) =>
  expect(readme).toMatch(new RegExp(`\`${name}\``)));

test.each(declared("outputs.tf", "output"))("the README names the output %s", (name) =>
  expect(readme).toContain(`\`${name}\``));

/** Rows of the variable table: the variables of a row, and what it says of their defaults. */
const rows = [
  ...readme
    .slice(readme.indexOf("## Variables"), readme.indexOf("Deprecated, still accepted"))
    .matchAll(/^\| ((?:`\w+`(?:, )?)+) \| ([^|]+) \|/gm),
].map(([, names = "", cells = ""]) => ({
  names: [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
  cells: cells.split(", "),
}));

test("the README's variable table names nothing that is not declared", () => {
  const named = rows.flatMap(({ names }) => names);
  expect(named.toSorted()).toEqual(current.map(({ name }) => name).toSorted());
});

test.each(rows)("the README tells the defaults of $names", ({ names, cells }) => {
  for (const [index, name] of names.entries()) {
    const cell = cells[index] ?? cells[0] ?? "";
    const value = variables.find((variable) => variable.name === name)?.default;
    if (cell === "required") expect(["workdir", "agent_id"]).toContain(name);
    // null is there for the deprecated name, which then decides.
    else if (name === "install_amp") expect([cell, value]).toEqual(["`true`", null]);
    else expect(cell).toBe(`\`${JSON.stringify(value)}\``);
  }
});

test("links to files of this project lead somewhere", () => {
  for (const [, target] of readme.matchAll(/\]\(((?!https?:)[^)#]+)\)/g))
    expect(read(target ?? "")).toBeTruthy();
});

test("the README names the oldest Terraform and provider that versions.tf admits", () => {
  const floors = [...read("versions.tf").matchAll(/version += ">= ([\d.]+)"/g)].map(([, floor]) => floor);
  expect(readme.replace(/\s+/g, " ")).toContain(
    `It needs Terraform ${floors[0]} and the Coder provider ${floors[1]};`,
  );
});
