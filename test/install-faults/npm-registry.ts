import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { FileServer } from "../support/file-server.ts";

/** The paths at which a registry serves Amp, for faults. */
export const registryPaths = {
  /** npm asks for a package's description first; the slash in its name is escaped. */
  description: "/@ampcode%2fcli",
  binary: (version: string) => `/@ampcode/${platformPackage.replace("@ampcode/", "")}/-/${version}.tgz`,
};

const platformPackage = `@ampcode/cli-${process.platform}-${process.arch}`;

/** As the real one: puts the platform package's binary in the stub's place. */
const installScript = `
const { linkSync, unlinkSync, chmodSync } = require("node:fs");
const source = require.resolve("${platformPackage}/amp");
const target = require("node:path").join(__dirname, "bin/amp.exe");
unlinkSync(target);
linkSync(source, target);
chmodSync(target, 0o755);
`;

/**
 * Adds to `server` what an npm registry answers for Amp: `@sourcegraph/amp` → `@ampcode/cli` → the platform's package,
 * with the real ones' layout and install script.
 *
 * @param versions the binary by version
 * @param options `latest`: the version of that name, the last one unless given; `wrongIntegrity`: the registry names another digest for the binary's package than it has;
 *   `without`: packages that this registry does not have
 */
export async function serveNpmRegistry(
  server: FileServer,
  versions: Record<string, string>,
  options: { latest?: string; wrongIntegrity?: boolean; without?: readonly string[] } = {},
): Promise<void> {
  const packages = new Map<string, Record<string, object>>();
  const latest = options.latest ?? Object.keys(versions).at(-1) ?? "";
  const add = async (name: string, version: string, manifest: object, files: Record<string, string>) => {
    const full = { name, version, license: "MIT", ...manifest };
    const tarball = await pack({ ...files, "package.json": JSON.stringify(full) });
    const path = `/${name}/-/${version}.tgz`;
    server.set(path, { content: tarball });
    const digested = options.wrongIntegrity && name === platformPackage ? Buffer.from("other") : tarball;
    const integrity = `sha512-${createHash("sha512").update(digested).digest("base64")}`;
    const entry = { ...full, dist: { tarball: server.url + path, integrity } };
    packages.set(name, { ...packages.get(name), [version]: entry });
  };
  for (const [version, binary] of Object.entries(versions)) {
    await add(platformPackage, version, { os: [process.platform], cpu: [process.arch] }, { amp: binary });
    await add(
      "@ampcode/cli",
      version,
      {
        bin: { amp: "bin/amp.exe" },
        scripts: { postinstall: "node install.cjs" },
        hasInstallScript: true,
        optionalDependencies: { [platformPackage]: version },
      },
      { "install.cjs": installScript, "bin/amp.exe": "#!/bin/sh\necho 'no native binary' >&2\nexit 1\n" },
    );
    await add(
      "@sourcegraph/amp",
      version,
      {
        bin: { amp: "node_modules/@ampcode/cli/bin/amp.exe" },
        dependencies: { "@ampcode/cli": version },
      },
      { "README.md": "Amp" },
    );
  }
  for (const [name, entries] of packages) {
    if (options.without?.includes(name)) continue;
    server.set(`/${name.replace("/", "%2f")}`, {
      content: JSON.stringify({ name, "dist-tags": { latest }, versions: entries }),
      contentType: "application/json",
    });
  }
}

async function pack(files: Record<string, string>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "amp-module-pack-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, "package", name);
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, content, { mode: 0o755 });
    }
    await execa("tar", ["-czf", "package.tgz", "package"], { cwd: folder });
    return await readFile(join(folder, "package.tgz"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
