import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { minify } from "terser";
import { mergedBuiltins } from "./merged-builtins.ts";
import { pureEnums } from "./pure-enums.ts";
import { definedDefaults } from "./variables.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { version: string };

const BANNER = "// Generated from src/ by `npm run build`: do not edit.\n";

const PLUGIN = "src/status/plugin.ts";
let plugin: Promise<string> | undefined;

/** Amp's plugin as it is installed, one file that Amp's own Bun runs. */
export function statusPlugin(): Promise<string> {
  plugin ??= bundle(PLUGIN);
  return plugin;
}

/** A file of `src/` with all that it imports, as one module that every runtime takes. */
export async function bundleOnce(entry: string): Promise<string> {
  const options: BuildOptions = {
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    charset: "utf8",
    format: "esm",
    platform: "node",
    target: "node20.5",
    // jsonc-parser's "main" is a UMD file that cannot be bundled.
    mainFields: ["module", "main"],
    legalComments: "none",
    define: {
      BUILT_VERSION: JSON.stringify(version),
      VARIABLE_DEFAULTS: JSON.stringify(definedDefaults()),
      // A program in the program: what installs it brings it, and nothing else needs to be delivered.
      ...(entry !== PLUGIN && { STATUS_PLUGIN: JSON.stringify(await statusPlugin()) }),
    },
    metafile: true,
    plugins: [pureEnums],
    write: false,
  };
  const plain = await build({ ...options, minify: false });
  const merged = mergedBuiltins(plain.outputFiles?.[0]?.text ?? "");
  const result = await build({ ...options, plugins: [pureEnums, merged] });
  const text = result.outputFiles?.[0]?.text ?? "";
  // Commander is CommonJS, and an ES module has no `require` for Node's own modules.
  const isMixed = "node_modules/commander/index.js" in (result.metafile?.inputs ?? {});
  return isMixed
    ? `import{createRequire}from"node:module";const require=createRequire(import.meta.url);${text}`
    : text;
}

/** What is shipped: a second minifier takes another 5 % off what every script has to carry. */
export async function bundle(entry: string): Promise<string> {
  const { code = "" } = await minify(await bundleOnce(entry), {
    module: true,
    ecma: 2020,
    // Statements that stay apart, and calls that stay calls, are repetitions, which is what brotli needs.
    compress: { ecma: 2020, passes: 3, sequences: false, inline: 1 },
    format: { ecma: 2020, comments: false },
  });
  return `${BANNER}${code}\n`;
}

/** A program of one small file, as CommonJS: it is what every start runs first, and Node loads that sooner. */
export async function loader(entry: string): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: "cjs",
    platform: "node",
    target: "node20.5",
    legalComments: "none",
    write: false,
  });
  return `${BANNER}${result.outputFiles[0]?.text ?? ""}`;
}
