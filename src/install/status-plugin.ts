import { lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readTextIfExists, writeFileAtomic } from "../base/atomic-file.ts";
import { reasonOf } from "../base/errors.ts";
import { namesIn } from "../base/glance.ts";
import type { Log } from "../base/log.ts";
import { hasPlugin } from "../config.ts";
import type { Context } from "../context.ts";
import { pluginFile } from "../status/environment.ts";

/** The plugin's code, which the build puts in here (tools/bundle.ts). */
declare const STATUS_PLUGIN: string;

/** The first words of a plugin of ours; a file without them is the user's. */
const MARK = "// Coder status, kept by the Amp module: ";

/**
 * Keeps this instance's plugin in Amp's folder of plugins while it is wanted, and takes it away afterwards; every other
 * file there is the user's or another instance's. Without it only the dashboard knows less, so nothing fails.
 */
export function writeStatusPlugin({ config, paths }: Context, log: Log): void {
  const path = join(paths.ampPlugins, pluginFile(config.app_slug));
  try {
    const present = readTextIfExists(path);
    if (present !== undefined && !present.startsWith(MARK)) {
      if (hasPlugin(config))
        log.warn(`Status: ${path} is not the module's and stays as it is, so Amp reports no status.`);
      return;
    }
    const wanted = hasPlugin(config) ? textOf(config.app_slug) : undefined;
    if (wanted === present) return;
    if (wanted !== undefined) writeFileAtomic(path, wanted);
    else removePlugin(path, paths.ampPlugins);
    log.info(`Status: ${wanted === undefined ? "removed" : "wrote"} the plugin ${path}.`);
  } catch (error) {
    log.warn(
      `Status: the plugin ${path} could not be written (${reasonOf(error)}), so Amp reports no status.`,
    );
  }
}

function textOf(slug: string): string {
  return `${MARK}written at every workspace start for the app "${slug}", removed with status_reports = "off".\n${STATUS_PLUGIN}`;
}

function removePlugin(path: string, folder: string): void {
  rmSync(path);
  // The folder came with it, unless somebody made it a link or has put something into it.
  if (namesIn(folder).length === 0 && lstatSync(folder).isDirectory()) rmSync(folder, { recursive: true });
}
