import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { oncePerRun } from "./run-folder.ts";
import { type AppliedModule, type ApplyOptions, applyModule, moduleRoot } from "./terraform.ts";

/** The module applied with Terraform, once in a run for the same sources and the same options. */
export async function appliedOnce(options: ApplyOptions): Promise<AppliedModule> {
  const name = digestOf([await sourcesDigest(), JSON.stringify(options)]);
  return oncePerRun(`module-${name}`, () => applyModule(options));
}

let sources: Promise<string> | undefined;

/** Of all that Terraform reads: somebody who watches the tests changes it between two of them. */
function sourcesDigest(): Promise<string> {
  sources ??= (async () => {
    const names = await Promise.all([
      readdir(moduleRoot),
      readdir(join(moduleRoot, "scripts")).then((all) => all.map((name) => join("scripts", name))),
    ]);
    const files = names.flat().filter((name) => /\.(tf|tftpl|br85|cjs|sh)$/.test(name));
    return digestOf(await Promise.all(files.sort().map((name) => readFile(join(moduleRoot, name), "utf8"))));
  })();
  return sources;
}

function digestOf(texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\0");
  return hash.digest("hex").slice(0, 32);
}
