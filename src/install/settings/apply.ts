import { chmodSync, renameSync, statSync } from "node:fs";
import type { Context } from "../../context.ts";
import { errorCode, ModuleError, reasonOf } from "../../errors.ts";
import { readTextIfExists, writeFileAtomic } from "../../system/atomic-file.ts";
import { isOnPath } from "../../system/executables.ts";
import type { Log } from "../../system/log.ts";
import { desiredSettings } from "./desired.ts";
import { type AppliedSettings, type MergeResult, mergeSettings, UnreadableSettings } from "./merge.ts";
import { remoteServers } from "./remote-servers.ts";

/**
 * Brings Amp's `settings.json` in line with the template, leaving the user's part as it is. The file may hold secrets
 * of MCP servers, so it is readable by its owner only.
 */
export async function applySettings(context: Context, log: Log): Promise<void> {
  const { config, paths, env, now } = context;
  const hasCoder = isOnPath("coder", env);
  if (config.report_tasks && !hasCoder) {
    log.info(
      "report_tasks: there is no `coder` command on PATH, so Amp gets no tool to report its progress with.",
    );
  }
  const desired = desiredSettings(config, hasCoder, await remoteServers(context, log));
  const before = readApplied(paths.appliedSettings);
  try {
    const present = readTextIfExists(paths.ampSettings) ?? "";
    const { text, applied } = merge(present);
    if (text === present) {
      log.info(`Settings: ${paths.ampSettings} is already as wanted.`);
    } else {
      writeFileAtomic(paths.ampSettings, text);
      log.info(
        `Settings: wrote ${paths.ampSettings} (${Object.keys(applied).length} entries are the template's).`,
      );
    }
    keepPrivate(paths.ampSettings);
    if (JSON.stringify(applied) !== JSON.stringify(before)) {
      writeFileAtomic(paths.appliedSettings, JSON.stringify(applied));
    }
  } catch (cause) {
    throw settingsFailure(paths.ampSettings, cause);
  }

  function merge(present: string): MergeResult {
    try {
      return mergeSettings(present, desired, before);
    } catch (error) {
      if (!(error instanceof UnreadableSettings)) throw error;
      const aside = `${paths.ampSettings}.unreadable-${now().toISOString().replace(/[:.]/g, "-")}`;
      renameSync(paths.ampSettings, aside);
      log.warn(
        `Settings: ${paths.ampSettings} is not a JSON object, so Amp could not read it. It is kept as ${aside}.`,
      );
      return mergeSettings("", desired, {});
    }
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

function keepPrivate(path: string): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode !== undefined && (mode & 0o077) !== 0) chmodSync(path, mode & 0o700);
}

function settingsFailure(path: string, cause: unknown): ModuleError {
  const fixes: Record<string, string> = {
    ENOSPC: "Free space on the home volume.",
    EROFS: "The home volume is mounted read-only: make it writable.",
    EACCES: `Make ${path} writable for the workspace's user.`,
  };
  return new ModuleError(
    `Amp's settings could not be written to ${path}: ${reasonOf(cause)}.`,
    fixes[errorCode(cause)] ?? "Check the file and its folder.",
    { cause },
  );
}
