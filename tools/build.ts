/** Builds what Terraform ships to the workspace: `tsx tools/build.ts`, or `--check` to compare with what is committed. */
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

/** The last line, by which the launcher tells a file that was cut short. */
const END = "// end of bundle";

const bundles = [
  { entry: "src/cli.ts", output: "scripts/amp-module.mjs" },
  { entry: "src/acp/main.ts", output: "scripts/amp-acp.mjs" },
].filter(({ entry }) => existsSync(entry));

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

async function bundle(entry: string): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    charset: "utf8",
    format: "esm",
    platform: "node",
    target: "node20.5",
    // jsonc-parser's "main" is a UMD file that cannot be bundled.
    mainFields: ["module", "main"],
    banner: { js: "// Generated from src/ by `npm run build`: do not edit." },
    legalComments: "none",
    define: { MODULE_VERSION: JSON.stringify(version) },
    write: false,
  });
  return smaller(result.outputFiles[0]?.text ?? "");
}

/** A second minifier takes another 5 % off what every start script has to carry. */
async function smaller(text: string): Promise<string> {
  const banner = text.slice(0, text.indexOf("\n") + 1);
  const { code = "" } = await minify(text.slice(banner.length), {
    module: true,
    ecma: 2020,
    compress: { ecma: 2020, passes: 3 },
    format: { ecma: 2020, comments: false },
  });
  return `${banner}${code}\n${END}\n`;
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
