import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { findTool } from "../support/find-tool.ts";
import { moduleRoot } from "../support/terraform.ts";

const PACKAGES = ["amp-client", "agentapi-client"] as const;
export type PackageName = (typeof PACKAGES)[number];

/** An empty project with both packages in it, installed by npm from what `npm pack` makes. The caller removes it. */
export async function installPackages(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "amp-module-packages-"));
  try {
    const npm = await findTool("npm");
    if (npm === undefined) throw new Error("there is no `npm` on PATH");
    const options = { timeout: 240_000, cwd: folder };
    const files: string[] = [];
    for (const name of PACKAGES) {
      const packed = await execa(
        npm,
        ["pack", join(moduleRoot, "packages", name), "--json", "--pack-destination", folder],
        options,
      );
      // What the package's own build says comes before.
      const [{ filename }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf("[\n"))) as [
        { filename: string },
      ];
      files.push(`./${filename}`);
    }
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    await execa(npm, ["install", ...quiet, ...files], options);
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The examples in an installed package's README, in order. */
export async function examplesOf(folder: string, name: PackageName): Promise<string[]> {
  const readme = await readFile(join(folder, "node_modules/@coder", name, "README.md"), "utf8");
  return [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code);
}
