import { copyFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { temporaryBeside, writeFileAtomic } from "../base/atomic-file.ts";
import { ModuleError } from "../base/errors.ts";
import { findOnPath } from "../base/executables.ts";
import { run } from "../base/run.ts";
import type { Context } from "../context.ts";
import type { Command } from "./command.ts";

/** The agent inside `coder boundary`, with the variable that names boundary's configuration. */
export interface BoundedAgent {
  command: Command;
  env: NodeJS.ProcessEnv;
}

/**
 * Wraps the agent in `coder boundary`, which lets it reach only listed addresses.
 *
 * @throws ModuleError if the workspace has no `coder` with that command
 */
export async function insideBoundary({ config, paths, env }: Context, agent: Command): Promise<BoundedAgent> {
  const coder = findOnPath("coder", env);
  const help = coder && (await run(coder, ["boundary", "--help"], { env, timeoutMs: 20_000 }));
  if (!coder || !help || help.exitCode !== 0) {
    throw new ModuleError(
      coder
        ? `${coder} has no command "boundary".`
        : "enable_boundary is true, but there is no `coder` command on PATH.",
      "Use a Coder release with `coder boundary` and put `coder` into the workspace, or set enable_boundary = false.",
    );
  }
  // A file capability on the agent's own coder binary would keep boundary from making its network namespace.
  const copy = join(paths.bin, "coder-without-capabilities");
  copyIfOther(coder, copy);
  const boundaryConfig = join(paths.state, "boundary.yaml");
  if (config.boundary_config !== "") writeFileAtomic(boundaryConfig, config.boundary_config);
  return {
    command: { file: copy, args: ["boundary", "--", agent.file, ...agent.args] },
    env: config.boundary_config === "" ? {} : { BOUNDARY_CONFIG: boundaryConfig },
  };
}

/** A copy has no capabilities; it is as old as its source, so that a newer source is told from it. */
function copyIfOther(source: string, copy: string): void {
  const wanted = statSync(source);
  const present = statSync(copy, { throwIfNoEntry: false });
  if (present?.size === wanted.size && present.mtimeMs >= wanted.mtimeMs) return;
  const temporary = temporaryBeside(copy);
  try {
    copyFileSync(source, temporary);
    renameSync(temporary, copy);
  } finally {
    rmSync(temporary, { force: true });
  }
}
