import { chmod, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { buildOnce, cacheFolder } from "./cache.ts";
import { goBuild } from "./go-build.ts";
import { isReachable } from "./reachable.ts";
import { releasePlatform } from "./release-platform.ts";
import { findTerraform } from "./terraform-binary.ts";

const PROVIDER_VERSION = "2.19.0";
const REGISTRIES = ["registry.terraform.io", "registry.opentofu.org"] as const;

/** The real coder provider, ready for `terraform init` without any network. */
export interface CoderProvider {
  version: string;
  origin: "registry" | "built from the Go module proxy";
  /** Terraform CLI configuration that points at the mirror; goes into TF_CLI_CONFIG_FILE. */
  cliConfigFile: string;
}

let prepared: Promise<CoderProvider> | undefined;

/**
 * Puts the coder provider into a filesystem mirror in the cache: from the registry where that answers, else
 * built from source with Go. Later runs read the mirror only, so an apply needs no network.
 *
 * @throws with one line per route that was tried
 */
export function prepareProvider(): Promise<CoderProvider> {
  prepared ??= prepare();
  return prepared;
}

async function prepare(): Promise<CoderProvider> {
  const name = `coder-provider-${PROVIDER_VERSION}-${releasePlatform()}`;
  const folder = await buildOnce(name, async (part) => {
    await writeFile(join(part, "terraform.rc"), mirrorConfig(join(cacheFolder(), name, "mirror")));
    const reasons: string[] = [];
    for (const [origin, fill] of [
      ["registry", fromRegistry],
      ["built from the Go module proxy", fromSource],
    ] as const) {
      try {
        await fill(join(part, "mirror"));
        await writeFile(join(part, "origin"), origin);
        return;
      } catch (error) {
        reasons.push(`${origin}: ${(error as Error).message}`);
      }
    }
    throw new Error(["The coder provider cannot be had:", ...reasons].join("\n  "));
  });
  const origin = (await readFile(join(folder, "origin"), "utf8")) as CoderProvider["origin"];
  return { version: PROVIDER_VERSION, origin, cliConfigFile: join(folder, "terraform.rc") };
}

function mirrorConfig(path: string): string {
  return `disable_checkpoint = true
provider_installation {
  filesystem_mirror {
    path = ${JSON.stringify(path)}
  }
}
`;
}

async function fromRegistry(mirror: string): Promise<void> {
  const terraform = await findTerraform();
  const host = terraform.flavour === "tofu" ? REGISTRIES[1] : REGISTRIES[0];
  if (!(await isReachable(`https://${host}/.well-known/terraform.json`))) {
    throw new Error(`${host} is not reachable`);
  }
  const root = `${mirror}-root`;
  await mkdir(root, { recursive: true });
  await writeFile(
    join(root, "main.tf"),
    `terraform {\n  required_providers {\n    coder = {\n      source  = "coder/coder"\n      version = "${PROVIDER_VERSION}"\n    }\n  }\n}\n`,
  );
  const config = join(root, "terraform.rc");
  await writeFile(config, "disable_checkpoint = true\n");
  await execa(terraform.path, ["providers", "mirror", join(root, "packed")], {
    cwd: root,
    timeout: 120_000,
    env: { TF_CLI_CONFIG_FILE: config },
  });
  // Unpacked, so that each init links the provider instead of unzipping it again.
  const platform = releasePlatform();
  const zip = join(
    root,
    "packed",
    host,
    "coder",
    "coder",
    `terraform-provider-coder_${PROVIDER_VERSION}_${platform}.zip`,
  );
  const target = providerFolder(mirror, host);
  await mkdir(target, { recursive: true });
  await execa("unzip", ["-q", zip, "-d", target]);
}

async function fromSource(mirror: string): Promise<void> {
  const [first, second] = REGISTRIES.map((host) => providerFolder(mirror, host)) as [string, string];
  await mkdir(first, { recursive: true });
  const name = `terraform-provider-coder_v${PROVIDER_VERSION}`;
  await goBuild("github.com/coder/terraform-provider-coder/v2", `v${PROVIDER_VERSION}`, join(first, name));
  await chmod(join(first, name), 0o755);
  await mkdir(dirname(second), { recursive: true });
  await cp(first, second, { recursive: true });
}

function providerFolder(mirror: string, host: string): string {
  return join(mirror, host, "coder", "coder", PROVIDER_VERSION, releasePlatform());
}
