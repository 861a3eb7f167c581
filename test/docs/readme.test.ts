import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { moduleRoot } from "../support/terraform.ts";
import { blocksOf, MODULE_SOURCE } from "./terraform-blocks.ts";

const read = (path: string) => readFileSync(join(moduleRoot, path), "utf8");
const isThere = (path: string) => existsSync(join(moduleRoot, path));
const documents = [
  ...readdirSync(moduleRoot).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(moduleRoot, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
  ...readdirSync(join(moduleRoot, "examples"))
    .map((name) => `examples/${name}/README.md`)
    .filter(isThere),
  "test/README.md",
];
const terraformFiles = readdirSync(moduleRoot).filter((name) => name.endsWith(".tf"));
const declared = (kind: string) =>
  terraformFiles.flatMap((file) =>
    [...read(file).matchAll(new RegExp(`^${kind} "(\\w+)"`, "gm"))].map((match) => match[1] ?? ""),
  );
const readme = read("README.md");

test.each([...declared("variable"), ...declared("output")])("docs/variables.md explains %s", (name) =>
  expect(read("docs/variables.md")).toContain(`- **\`${name}\`**`));

test("every variable that the README's blocks set is declared", () => {
  const known = [...declared("variable"), "source", "version", "count"];
  for (const block of blocksOf(readme)) {
    for (const [, body = ""] of block.matchAll(/^module "[\w-]+" \{\n([\s\S]*?)^\}/gm)) {
      const set = [...body.matchAll(/^ {2}(\w+) +=/gm)].map((match) => match[1]);
      expect(known).toEqual(expect.arrayContaining(set));
    }
  }
});

describe("what the Coder registry asks of a README", () => {
  test("front matter with the keys that its site shows", () => {
    const [, matter = ""] = readme.match(/^---\n([\s\S]*?)\n---\n/) ?? [];
    const keys = [...matter.matchAll(/^(\w+): \S/gm)].map((match) => match[1]);
    expect(keys).toEqual(["display_name", "description", "icon", "verified", "tags"]);
    expect(matter).toMatch(/^icon: \.\.\/\.\.\/\.\.\/\.\.\/\.icons\/[\w-]+\.svg$/m);
  });

  test("one h1, below it a paragraph and one block that names this version", () => {
    const { version } = JSON.parse(read("package.json")) as { version: string };
    const headings = withoutBlocks(readme).match(/^# .*/gm);
    expect(headings).toEqual(["# Amp"]);
    const [first = ""] = readme.slice(readme.indexOf("# Amp")).split(/^## /m);
    expect(blocksOf(first)).toHaveLength(1);
    expect(
      blocksOf(readme)
        .join("\n")
        .match(/^ +version +=.*$/gm),
    ).toSatisfy((lines: string[]) => lines.every((line) => line.endsWith(`"${version}"`)));
    expect(blocksOf(first)[0]).toContain(MODULE_SOURCE);
  });

  test("alerts in the only form that its site shows", () => {
    for (const [line] of readme.matchAll(/^>\s*\[!.*$/gm))
      expect(line).toMatch(/^> \[!(NOTE|IMPORTANT|CAUTION|WARNING|TIP)\]$/);
  });
});

test.each(documents)("links of %s to files and sections of this project lead somewhere", (document) => {
  for (const [, target = ""] of withoutBlocks(read(document)).matchAll(/\]\(((?!https?:)[^)]+)\)/g)) {
    const [path = "", section] = target.split("#");
    const file = path === "" ? document : join(dirname(document), path);
    const text = read(file);
    if (section !== undefined) expect(sectionsOf(text), `${document}: ${target}`).toContain(section);
  }
});

function withoutBlocks(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, "");
}

/** The names under which GitHub links to headings. */
function sectionsOf(markdown: string): string[] {
  return [...withoutBlocks(markdown).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}
