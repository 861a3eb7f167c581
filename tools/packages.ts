/** Builds what `npm pack` takes up in packages/, from src/: `tsx tools/packages.ts [name]`. Each `npm pack` does so itself. */
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Each package's folder, and the room of src/ whose `index.ts` is its entry. */
const PACKAGES: Record<string, string> = { "agentapi-client": "agentapi", "amp-client": "amp" };

const wanted = process.argv.slice(2);
for (const [name, room] of Object.entries(PACKAGES)) {
  if (wanted.length === 0 || wanted.includes(name)) await buildPackage(join(root, "packages", name), room);
}

async function buildPackage(folder: string, room: string): Promise<void> {
  const entry = join(root, "src", room, "index.ts");
  const dist = join(folder, "dist");
  rmSync(dist, { recursive: true, force: true });
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  await build({
    entryPoints: [entry],
    outfile: join(dist, "index.js"),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.5",
    charset: "utf8",
    external: Object.keys(dependencies).flatMap((each) => [each, `${each}/*`]),
    // jsonc-parser's "main" is a UMD file, which Node cannot import from: so the package carries it, with its licence.
    mainFields: ["module", "main"],
  });
  if (!("jsonc-parser" in dependencies) && readFileSync(join(dist, "index.js"), "utf8").includes("jsonc")) {
    copyFileSync(join(root, "node_modules/jsonc-parser/LICENSE.md"), join(dist, "LICENSE-jsonc-parser.md"));
  }
  writeTypes(entry, join(dist, "types"));
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  if (room === "agentapi") copyFileSync(join(root, "src", room, "README.md"), join(folder, "README.md"));
}

/** Declarations of the entry and of all that it reaches. */
function writeTypes(entry: string, outDir: string): void {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram([entry], {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: join(root, "src"),
    outDir,
  });
  const { diagnostics } = program.emit(undefined, (name, text) => {
    mkdirSync(dirname(name), { recursive: true });
    // Sources import each other as .ts; who uses the package has .d.ts beside .js names.
    ts.sys.writeFile(name, text.replace(/((?:from|import\()\s*"\.[^"]+)\.ts"/g, '$1.js"'));
  });
  if (diagnostics.length > 0) {
    throw new Error(
      ts.formatDiagnostics([...diagnostics], {
        getCurrentDirectory: () => root,
        getCanonicalFileName: (name) => name,
        getNewLine: () => "\n",
      }),
    );
  }
}
