import { findTool } from "./find-tool.ts";

/** Shells that the rendered scripts must run under. */
export const shellNames = ["bash", "dash", "busybox"] as const;
export type ShellName = (typeof shellNames)[number];

/**
 * The command that runs a script given as one argument, up to and with `-c`.
 * @returns undefined where this machine has no such shell
 */
export async function shellCommand(name: ShellName): Promise<string[] | undefined> {
  const path = await findTool(name);
  if (path === undefined) return undefined;
  return name === "busybox" ? [path, "sh", "-c"] : [path, "-c"];
}

/** The shells that this machine has. */
export async function availableShells(): Promise<ShellName[]> {
  const found = await Promise.all(
    shellNames.map(async (name) => ((await shellCommand(name)) ? name : undefined)),
  );
  return found.filter((name) => name !== undefined);
}
