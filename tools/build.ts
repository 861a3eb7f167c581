/** Builds what Terraform ships to the workspace: `tsx tools/build.ts`, or `--check` to compare with what is committed. */
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { bundle, loader } from "./bundle.ts";
import { packed } from "./packed.ts";

const programs = [
  { entry: "src/cli.ts", name: "amp-module" },
  { entry: "src/tools.ts", name: "amp-tools" },
  { entry: "src/acp/main.ts", name: "amp-acp" },
];

await output("scripts/loader.cjs", await loader("src/loader.ts"));
for (const { entry, name } of programs) {
  const text = await bundle(entry);
  // To be read, and to be run without a workspace.
  await output(`scripts/${name}.mjs`, text);
  // What a workspace gets.
  await output(`scripts/${name}.br85`, packed(text));
}

async function output(path: string, text: string): Promise<void> {
  if (!process.argv.includes("--check")) {
    await writeFile(path, text);
    console.log(`${path}: ${(text.length / 1024).toFixed(1)} KiB`);
  } else if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
    console.error(`${path} is not what the sources build to. Run "npm run build" and commit the result.`);
    process.exitCode = 1;
  }
}
