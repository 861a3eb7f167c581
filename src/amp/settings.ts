import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { type ParseError, parse } from "jsonc-parser";
import { AmpError } from "./errors.ts";
import type { ExecuteOptions } from "./options.ts";

type Settings = Record<string, unknown>;

/** The settings file that Amp would read: the one given, `AMP_SETTINGS_FILE`, or the user's own. */
export function settingsPath(env: NodeJS.ProcessEnv, given?: string): string {
  const config = env["XDG_CONFIG_HOME"] || join(env["HOME"] ?? homedir(), ".config");
  return given ?? (env["AMP_SETTINGS_FILE"] || join(config, "amp", "settings.json"));
}

/**
 * Reads a settings file with comments; a missing one is empty.
 * @throws AmpError execution, where it cannot be read: going on without it would drop the user's permission rules
 */
export function readSettings(path: string): Settings {
  const errors: ParseError[] = [];
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw unreadable(path, cause);
  }
  const value: unknown = text.trim() === "" ? {} : parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || typeof value !== "object" || value === null || Array.isArray(value))
    throw unreadable(path);
  return value as Settings;
}

const MANAGED_SETTINGS = "/etc/ampcode/managed-settings.json";

/**
 * What Amp lays over the user's settings in `cwd`: the nearest `.amp/settings.json` up to the top of the repository,
 * and the administrator's. Amp says itself what is wrong with them, so one that cannot be read counts as empty.
 */
export function strongerSettings(cwd: string): Settings[] {
  const folders = [cwd];
  while (!existsSync(join(folders.at(-1) ?? "/", ".git"))) {
    const folder = folders.at(-1) ?? "/";
    const above = dirname(folder);
    if (above === folder) {
      // No repository: only the folder itself counts.
      folders.length = 1;
      break;
    }
    folders.push(above);
  }
  const workspace = folders
    .flatMap((folder) => ["settings.json", "settings.jsonc"].map((name) => join(folder, ".amp", name)))
    .find((path) => existsSync(path));
  return [...(workspace ? [workspace] : []), MANAGED_SETTINGS].map((path) => {
    try {
      return readSettings(path);
    } catch {
      return {};
    }
  });
}

/**
 * The settings for one run: the file's, with what the options lay over them. Undefined where they lay nothing over
 * them, so that Amp reads the file itself.
 *
 * @param allowAll set `amp.dangerouslyAllowAll`, for an Amp that has no flag for it
 */
export function overlaidSettings(
  base: () => Settings,
  { settings, permissions, skills }: Pick<ExecuteOptions, "settings" | "permissions" | "skills">,
  allowAll: boolean,
): Settings | undefined {
  const skillFolders = typeof skills === "string" ? [skills] : (skills ?? []);
  if (
    !allowAll &&
    skillFolders.length === 0 &&
    !permissions?.length &&
    Object.keys(settings ?? {}).length === 0
  ) {
    return undefined;
  }
  const merged: Settings = { ...base(), ...settings };
  if (allowAll) merged["amp.dangerouslyAllowAll"] = true;
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
