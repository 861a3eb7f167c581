import { readFileSync } from "node:fs";
import { projectFiles } from "./amp/project-files.ts";
import { readTextIfExists, writeFileAtomic } from "./base/atomic-file.ts";
import { sha256 } from "./base/digest.ts";
import { ModuleError } from "./base/errors.ts";
import type { Config } from "./config.ts";
import type { Paths } from "./paths.ts";

/** A file that a project brings for Amp. */
export interface ProjectFile {
  path: string;
  sha256: string;
  trust: "accepted" | "changed" | "new";
}

/** What the project in `workdir` brings, and whether a person has accepted it as it is now. */
export function projectTrust(workdir: string, { trusted }: Pick<Paths, "trusted">): ProjectFile[] {
  const known = readAccepted(trusted);
  return projectFiles(workdir).map((path) => {
    const digest = sha256(readFileSync(path));
    const accepted = known.get(path);
    return {
      path,
      sha256: digest,
      trust: accepted === undefined ? "new" : accepted === digest ? "accepted" : "changed",
    };
  });
}

/** Accepts the files as they were when they were looked at. */
export function accept(files: readonly ProjectFile[], { trusted }: Pick<Paths, "trusted">): void {
  const all = [...readAccepted(trusted), ...files.map(({ path, sha256 }) => [path, sha256] as const)];
  writeFileAtomic(trusted, JSON.stringify(Object.fromEntries(all)));
}

/** @throws ModuleError naming the files of the project that nobody has accepted, if `workspace_trust` is false */
export function refuseUntrusted({ workspace_trust }: Config, paths: Paths, workdir: string): void {
  if (workspace_trust) return;
  const files = projectTrust(workdir, paths).filter(({ trust }) => trust !== "accepted");
  if (files.length === 0) return;
  const list = files.map(({ path, trust }) => `${path} (${trust})`).join(", ");
  throw new ModuleError(
    `Amp was not started: the project brings settings or plugins that nobody has accepted: ${list}.`,
    `Read them, then run \`${paths.launcher} trust\` and \`${paths.launcher} start\`; or set workspace_trust = true.`,
  );
}

function readAccepted(path: string): Map<string, unknown> {
  try {
    return new Map(Object.entries(JSON.parse(readTextIfExists(path) ?? "{}") as object));
  } catch {
    // Whoever it was that wrote it so: nothing in it was accepted.
    return new Map();
  }
}
