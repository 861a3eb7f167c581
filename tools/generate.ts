/** Writes the files that are generated from others: `tsx tools/generate.ts`, or `--check` to compare. */
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { flowPicture } from "./documents/flow.ts";
import { variablesDocument } from "./documents/variables.ts";

const generated = [
  { path: "docs/images/flow.svg", text: flowPicture() },
  { path: "docs/variables.md", text: variablesDocument() },
];

for (const { path, text } of generated) {
  if (!process.argv.includes("--check")) {
    await writeFile(path, text);
    console.log(`${path}: written`);
  } else if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
    console.error(`${path} is not what its source generates. Run "npm run generate" and commit the result.`);
    process.exitCode = 1;
  }
}
