import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { buildOnce } from "./cache.ts";
import { defaultRelease, defaultVersion } from "./default-release.ts";
import { findTool } from "./find-tool.ts";
import { download, isReachable } from "./reachable.ts";
import { releasePlatform } from "./release-platform.ts";
import { oncePerRun } from "./run-folder.ts";
import { variableDefaults } from "./variable-defaults.ts";

/** Speaks the published contract without a terminal emulator; see its own folder. */
export const standInAgentApi = fileURLToPath(
  new URL("../fixtures/agentapi-stand-in/main.mjs", import.meta.url),
);

/** An AgentAPI that runs, and whether it is the real one. */
export interface AgentApiBinary {
  path: string;
  real: boolean;
  version: string;
  origin: "PATH" | "GitHub release" | "stand-in";
}

let found: Promise<AgentApiBinary> | undefined;

/**
 * The real `agentapi` from PATH, else from its GitHub release, else the stand-in.
 * AMP_TEST_AGENTAPI=stand-in asks for the stand-in on a machine that has the real one.
 */
export function findAgentApi(): Promise<AgentApiBinary> {
  found ??= oncePerRun("agentapi", find);
  return found;
}

async function find(): Promise<AgentApiBinary> {
  if (process.env["AMP_TEST_AGENTAPI"] !== "stand-in") {
    const onPath = await findTool("agentapi");
    if (onPath) return { path: onPath, real: true, version: await versionOf(onPath), origin: "PATH" };
    const released = await fromRelease().catch(() => undefined);
    if (released) {
      return { path: released, real: true, version: await versionOf(released), origin: "GitHub release" };
    }
  }
  return {
    path: standInAgentApi,
    real: false,
    version: defaultVersion,
    origin: "stand-in",
  };
}

async function fromRelease(): Promise<string> {
  const folder = await buildOnce(`agentapi-${defaultRelease}-${releasePlatform()}`, async (part) => {
    const base = String(variableDefaults["agentapi_download_url"]);
    if (!(await isReachable(base))) throw new Error(`${base} is not reachable`);
    const file = join(part, "agentapi");
    await writeFile(
      file,
      await download(`${base}/download/${defaultRelease}/agentapi-${releasePlatform("-")}`),
    );
    await chmod(file, 0o755);
    await versionOf(file);
  });
  return join(folder, "agentapi");
}

async function versionOf(path: string): Promise<string> {
  const { stdout } = await execa(path, ["--version"], { timeout: 10_000 });
  return stdout.replace(/^agentapi version /, "").trim();
}
