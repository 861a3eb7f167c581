import { existsSync } from "node:fs";
import { AmpError } from "../amp/errors.ts";
import type { AmpOptions } from "../amp/options.ts";
import { ModuleError } from "../base/errors.ts";
import type { Context } from "../context.ts";
import { ampPrefixes, expandHome } from "../paths.ts";

/**
 * Asks the Amp of this module, in the folder that the agent works in: that folder's settings count, too.
 *
 * @throws ModuleError with Amp's own advice if it cannot answer
 */
export async function askAmp<Answer>(
  { config, paths }: Context,
  ask: (options: AmpOptions) => Promise<Answer>,
): Promise<Answer> {
  const workdir = expandHome(config.workdir, paths.home);
  try {
    return await ask({
      probeCache: paths.ampProbe,
      npmPrefixes: ampPrefixes(paths),
      ...(existsSync(workdir) && { cwd: workdir }),
    });
  } catch (cause) {
    if (!(cause instanceof AmpError)) throw cause;
    throw new ModuleError(cause.message, cause.remedy, { cause });
  }
}
