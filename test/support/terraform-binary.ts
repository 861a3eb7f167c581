import { createHash } from "node:crypto";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { buildOnce, cacheFolder, exists } from "./cache.ts";
import { findTool } from "./find-tool.ts";
import { goBuild } from "./go-build.ts";
import { download, isReachable } from "./reachable.ts";
import { releasePlatform } from "./release-platform.ts";
import { oncePerRun } from "./run-folder.ts";

/** Installed where PATH has neither terraform nor tofu. */
const TERRAFORM_VERSION = "1.11.4";

/** A Terraform (or OpenTofu) that runs, and where it came from. */
export interface TerraformBinary {
  path: string;
  flavour: "terraform" | "tofu";
  version: string;
  origin: "PATH" | "official release" | "built from the Go module proxy";
}

let found: Promise<TerraformBinary> | undefined;

/**
 * Finds `terraform` or `tofu` on PATH, else installs Terraform into the cache: the official release with its
 * checksum, else built from source.
 *
 * @throws with one line per route that was tried
 */
export function findTerraform(): Promise<TerraformBinary> {
  found ??= oncePerRun("terraform", find);
  return found;
}

async function find(): Promise<TerraformBinary> {
  for (const flavour of ["terraform", "tofu"] as const) {
    const path = await findTool(flavour);
    const version = path && (await versionOf(path));
    if (path && version) return { path, flavour, version, origin: "PATH" };
  }
  const routes = [
    { origin: "official release", folder: "terraform-release", build: fromRelease },
    { origin: "built from the Go module proxy", folder: "terraform-go", build: fromSource },
  ] as const;
  const reasons: string[] = [];
  // A route that worked before costs nothing now, so look at all of them before the network.
  const ready = await Promise.all(
    routes.map((route) => exists(join(cacheFolder(), cacheName(route.folder)))),
  );
  const ordered = [...routes].sort(
    (a, b) => Number(ready[routes.indexOf(b)]) - Number(ready[routes.indexOf(a)]),
  );
  for (const { origin, folder, build } of ordered) {
    try {
      const path = join(await buildOnce(cacheName(folder), build), "terraform");
      const version = await versionOf(path);
      if (version) return { path, flavour: "terraform", version, origin };
      reasons.push(`${origin}: ${path} does not run`);
    } catch (error) {
      reasons.push(`${origin}: ${(error as Error).message}`);
    }
  }
  throw new Error(
    [
      "Terraform cannot be had: neither terraform nor tofu on PATH,",
      ...reasons,
      "Put one of them on PATH.",
    ].join("\n  "),
  );
}

function cacheName(folder: string): string {
  return `${folder}-${TERRAFORM_VERSION}-${releasePlatform()}`;
}

async function versionOf(path: string): Promise<string | undefined> {
  const result = await execa(path, ["version", "-json"], {
    reject: false,
    timeout: 20_000,
    env: { CHECKPOINT_DISABLE: "1" },
  });
  if (result.exitCode !== 0) return undefined;
  return (JSON.parse(result.stdout) as { terraform_version?: string }).terraform_version;
}

async function fromRelease(folder: string): Promise<void> {
  const base = `https://releases.hashicorp.com/terraform/${TERRAFORM_VERSION}`;
  if (!(await isReachable(base))) throw new Error(`${base} is not reachable`);
  const name = `terraform_${TERRAFORM_VERSION}_${releasePlatform()}.zip`;
  const sums = await download(`${base}/terraform_${TERRAFORM_VERSION}_SHA256SUMS`);
  const wanted = sums
    .toString()
    .split("\n")
    .find((line) => line.endsWith(`  ${name}`))
    ?.split(" ")[0];
  const archive = await download(`${base}/${name}`);
  const actual = createHash("sha256").update(archive).digest("hex");
  if (actual !== wanted) throw new Error(`${name}: sha256 is ${actual}, published is ${wanted ?? "nothing"}`);
  const zip = join(folder, name);
  await writeFile(zip, archive);
  const unzip = await findTool("unzip");
  if (unzip) await execa(unzip, ["-q", zip, "terraform", "-d", folder]);
  else await execa("python3", ["-m", "zipfile", "-e", zip, folder]);
  await chmod(join(folder, "terraform"), 0o755);
}

async function fromSource(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await goBuild("github.com/hashicorp/terraform", `v${TERRAFORM_VERSION}`, join(folder, "terraform"));
}
