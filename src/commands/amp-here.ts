import { existsSync } from "node:fs";
import type { AmpOptions } from "../amp/options.ts";
import type { Context } from "../context.ts";
import { ampPrefixes, expandHome } from "../paths.ts";

/** The Amp of this module, in the folder that the agent works in: that folder's settings count, too. */
export function ampHere({ config, paths }: Context): AmpOptions {
  const workdir = expandHome(config.workdir, paths.home);
  return {
    probeCache: paths.ampProbe,
    npmPrefixes: ampPrefixes(paths),
    ...(existsSync(workdir) && { cwd: workdir }),
  };
}
