import { build } from "esbuild";

/** Builds a TypeScript file to one that plain Node starts at once: many of them must not each compile. */
export async function buildProgram(entry: URL, target: string): Promise<void> {
  await build({
    entryPoints: [entry.pathname],
    bundle: true,
    format: "esm",
    platform: "node",
    outfile: target,
  });
}
