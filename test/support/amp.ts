import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { buildOnce } from "./cache.ts";
import { findTool } from "./find-tool.ts";
import { oncePerRun } from "./run-folder.ts";

/** The release that the stand-in imitates and that is installed where npm answers. */
export const realAmpVersion = "0.0.1790142911-g7618fb";

/** The real Amp, proved by running it. */
export interface RealAmp {
  /** The executable itself, links resolved: it may be linked or copied elsewhere. */
  path: string;
  /** Prefix for `npm --prefix`, which has `bin/amp`. */
  prefix: string;
  version: string;
}

let found: Promise<RealAmp | undefined> | undefined;
let missing = "";

/** Installs the real Amp from npm into the cache. Undefined where it cannot be had; `whyNoRealAmp` says why. */
export function findRealAmp(): Promise<RealAmp | undefined> {
  found ??= oncePerRun("amp", install).catch((error: Error) => {
    missing = error.message.split("\n")[0] ?? "";
    return undefined;
  });
  return found;
}

export function whyNoRealAmp(): string {
  return missing;
}

async function install(): Promise<RealAmp> {
  const npm = await findTool("npm");
  if (npm === undefined) throw new Error("there is no `npm` on PATH");
  const prefix = await buildOnce(`amp-${realAmpVersion}`, async (folder) => {
    // npm >= 11.19 runs no install script unless it is allowed, and then leaves a stub in place of Amp.
    await execa(
      npm,
      [
        ...["install", "-g", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error"],
        ...["--allow-scripts=@ampcode/cli", `@sourcegraph/amp@${realAmpVersion}`],
      ],
      { timeout: 240_000 },
    );
    await versionOf(await realpath(join(folder, "bin/amp")));
  });
  const path = await realpath(join(prefix, "bin/amp"));
  return { path, prefix, version: await versionOf(path) };
}

async function versionOf(path: string): Promise<string> {
  const { stdout } = await execa(path, ["--version"], { timeout: 30_000, env: { NO_COLOR: "1" } });
  return stdout.split(" ")[0] ?? "";
}
