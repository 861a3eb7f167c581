import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { outcomes } from "./outcomes.ts";

test("docs/installing.md has the same table", async () => {
  const page = await readFile(new URL("../../docs/installing.md", import.meta.url), "utf8");
  const rows = Object.entries(outcomes).map(
    ([name, { official, npm, agentapi }]) => `| ${name} | ${official} | ${npm} | ${agentapi} |`,
  );
  // Without the blanks that line the columns up.
  const table = page
    .slice(page.search(/^\| fresh +\|/m))
    .split("\n\n")[0]
    ?.trim()
    .replace(/ +/g, " ")
    .split("\n");
  expect(table?.sort()).toEqual(rows.sort());
});
