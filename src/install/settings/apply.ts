import { chmodSync, statSync } from "node:fs";
import { keepAside, readIfExists, readTextIfExists, writeFileAtomic } from "../../base/atomic-file.ts";
import { errorCode, ModuleError, reasonOf } from "../../base/errors.ts";
import { isOnPath } from "../../base/executables.ts";
import type { Log } from "../../base/log.ts";
import type { Context } from "../../context.ts";
import { withUserFiles } from "../user-files.ts";
import { type DesiredSettings, desiredSettings } from "./desired.ts";
import { type AppliedSettings, type MergeResult, mergeSettings, UnreadableSettings } from "./merge.ts";
import { remoteServers } from "./remote-servers.ts";

/**
 * Brings Amp's `settings.json` in line with the template, leaving the user's part as it is. The file may hold secrets
 * of MCP servers, so it is readable by its owner only.
 */
export async function applySettings(context: Context, log: Log): Promise<void> {
  const { config, env } = context;
  const hasCoder = isOnPath("coder", env);
  if (config.status_reports === "coder-mcp" && !hasCoder) {
    log.info(
      "status_reports: there is no `coder` command on PATH, so Amp gets no tool to report its progress with.",
    );
  }
  const desired = desiredSettings(config, hasCoder, await remoteServers(context, log));
  await withUserFiles(context, log, () => mergeInto(context, desired, log));
}

function mergeInto({ paths, now }: Context, desired: DesiredSettings, log: Log): void {
  const before = readApplied(paths.appliedSettings);
  try {
    const { present, text, applied } = merge();
    log.debug(`Settings that the template or the module names: ${pathsOf(desired).join(", ") || "none"}.`);
    const removed = Object.keys(before).filter((key) => !(key in applied));
    if (removed.length > 0) log.debug(`Settings no longer the module's: ${removed.join(", ")}.`);
    if (text === present) {
      log.info(`Settings: ${paths.ampSettings} is already as wanted.`);
    } else {
      // First what is about to be set: killed between the two, the next run still knows it as the module's.
      writeApplied({ ...before, ...applied });
      writeFileAtomic(paths.ampSettings, text);
      log.info(
        `Settings: wrote ${paths.ampSettings} (${Object.keys(applied).length} entries are the template's).`,
      );
    }
    keepPrivate(paths.ampSettings, log);
    writeApplied(applied);
  } catch (cause) {
    throw settingsFailure(paths.ampSettings, cause);
  }

  function merge(): MergeResult & { present: string } {
    try {
      const present = readSettings(paths.ampSettings);
      return { present, ...mergeSettings(present, desired, before) };
    } catch (error) {
      if (!(error instanceof UnreadableSettings)) throw error;
      const aside = keepAside(paths.ampSettings, now());
      log.warn(
        `Settings: ${paths.ampSettings} is not a JSON object, so Amp could not read it. It is kept as ${aside}.`,
      );
      return { present: "", ...mergeSettings("", desired, {}) };
    }
  }

  function writeApplied(applied: AppliedSettings): void {
    const text = JSON.stringify(applied);
    if (text !== (readTextIfExists(paths.appliedSettings) ?? "{}")) {
      writeFileAtomic(paths.appliedSettings, text);
    }
  }
}

/** Names only: the values may be secret. */
function pathsOf({ keys, mcpServers, requiredPermissions }: DesiredSettings): string[] {
  return [
    ...Object.keys(keys),
    ...Object.keys(mcpServers).map((name) => `amp.mcpServers.${name}`),
    ...requiredPermissions.map(({ tool }) => `a rule for ${tool} in front of the user's in amp.permissions`),
  ];
}

/** The file's text, "" for none. Other bytes than UTF-8 would be lost by writing the text back. */
function readSettings(path: string): string {
  const bytes = readIfExists(path);
  if (bytes === undefined) return "";
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UnreadableSettings();
  }
}

function readApplied(path: string): AppliedSettings {
  try {
    const value: unknown = JSON.parse(readTextIfExists(path) ?? "{}");
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    return Object.fromEntries(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  } catch {
    // Without it nothing that was set earlier can be told from the user's own, so nothing is removed.
    return {};
  }
}

function keepPrivate(path: string, log: Log): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined || (mode & 0o077) === 0) return;
  try {
    chmodSync(path, mode & 0o700);
  } catch (error) {
    // Such as a link into a read-only store of dotfiles: as wanted, but for its mode.
    log.warn(`Settings: ${path} stays readable by others (${reasonOf(error)}).`);
  }
}

function settingsFailure(path: string, cause: unknown): ModuleError {
  const fixes: Record<string, string> = {
    ENOSPC: "Free space on the home volume.",
    EROFS: "The home volume is mounted read-only: make it writable.",
    EACCES: `Make ${path} writable for the workspace's user.`,
    EINVAL: `Put a regular file in the place of ${path}, or remove it.`,
  };
  return new ModuleError(
    `Amp's settings could not be written to ${path}: ${reasonOf(cause)}.`,
    fixes[errorCode(cause)] ?? "Check the file and its folder.",
    { cause },
  );
}
