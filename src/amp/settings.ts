import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type JsonObject, parseJsonc, toValue } from "../base/jsonc.ts";
import { xdgFolders } from "../base/xdg.ts";
import { AmpError } from "./errors.ts";
import type { ExecuteOptions } from "./options.ts";
import { ampFiles, MANAGED_SETTINGS, WORKSPACE_SETTINGS } from "./places.ts";
import { projectFolders } from "./project-files.ts";

type Settings = Record<string, unknown>;

/** The settings file that Amp would read: the one given, `AMP_SETTINGS_FILE`, or the user's own. */
export function settingsPath(env: NodeJS.ProcessEnv, given?: string): string {
  const { config, data } = xdgFolders(env, env["HOME"] ?? homedir());
  return given ?? (env["AMP_SETTINGS_FILE"] || ampFiles(config, data).settings);
}

/**
 * Reads a settings file with comments; a missing one is empty.
 * @throws AmpError execution, if it cannot be read: continuing without it would drop the user's permission rules
 */
export function readSettings(path: string): Settings {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw unreadable(path, cause);
  }
  if (text.trim() === "") return {};
  const root = parseJsonc(text);
  if (!root) throw unreadable(path);
  return toValue(root) as JsonObject;
}

/**
 * What Amp lays over the user's settings in `cwd`: the workspace's, and the administrator's. Amp says itself what is
 * wrong with them, so one that cannot be read counts as empty.
 */
export function strongerSettings(cwd: string): Settings[] {
  const workspace = workspaceSettings(cwd);
  return [...(workspace ? [workspace] : []), MANAGED_SETTINGS].map((path) => {
    try {
      return readSettings(path);
    } catch {
      return {};
    }
  });
}

/** The nearest `.amp/settings.json` up to the top of the repository, or undefined. */
export function workspaceSettings(cwd: string): string | undefined {
  return projectFolders(cwd)
    .flatMap((folder) => WORKSPACE_SETTINGS.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

/**
 * The settings for one run: the file's, with what the options lay over them. Undefined if they lay nothing over
 * them, so that Amp reads the file itself.
 *
 * @param allowAll set `amp.dangerouslyAllowAll`, for an Amp release that has no flag for it
 */
export function overlaidSettings(
  base: () => Settings,
  {
    settings,
    permissions,
    skills,
    enabledTools,
  }: Pick<ExecuteOptions, "settings" | "permissions" | "skills" | "enabledTools">,
  allowAll: boolean,
): Settings | undefined {
  const skillFolders = typeof skills === "string" ? [skills] : (skills ?? []);
  if (
    !allowAll &&
    enabledTools === undefined &&
    skillFolders.length === 0 &&
    !permissions?.length &&
    Object.keys(settings ?? {}).length === 0
  ) {
    return undefined;
  }
  const merged: Settings = { ...base(), ...settings };
  if (allowAll) merged["amp.dangerouslyAllowAll"] = true;
  if (enabledTools) merged["amp.tools.enable"] = enabledTools;
  if (permissions?.length) {
    const rules = merged["amp.permissions"];
    merged["amp.permissions"] = [...permissions, ...(Array.isArray(rules) ? rules : [])];
  }
  if (skillFolders.length > 0) {
    const path = merged["amp.skills.path"];
    merged["amp.skills.path"] = [...skillFolders, ...(typeof path === "string" && path ? [path] : [])].join(
      ":",
    );
  }
  return merged;
}

function unreadable(path: string, cause?: unknown): AmpError {
  return new AmpError("execution", `The Amp settings file ${path} cannot be read as a JSON object.`, {
    remedy: "Correct the file, or name another one.",
    cause,
  });
}
