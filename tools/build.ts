/** Builds what Terraform ships to the workspace: `tsx tools/build.ts`, or `--check` to compare with what is committed. */
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { bundle } from "./bundle.ts";

const bundles = [
  { entry: "src/cli.ts", output: "scripts/amp-module.mjs" },
  { entry: "src/tools.ts", output: "scripts/amp-tools.mjs" },
  { entry: "src/acp/main.ts", output: "scripts/amp-acp.mjs" },
];

for (const { entry, output } of bundles) {
  const text = await bundle(entry);
  if (!process.argv.includes("--check")) {
    await writeFile(output, text);
    console.log(`${output}: ${kib(text.length)}, ${kib(gzipSync(text).length)} gzipped`);
  } else if (!existsSync(output) || readFileSync(output, "utf8") !== text) {
    console.error(`${output} is not what the sources build to. Run "npm run build" and commit the result.`);
    process.exitCode = 1;
  }
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
