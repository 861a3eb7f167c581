import { join } from "node:path";
import { xdgFolders } from "../base/xdg.ts";

/** Where Amp writes its own log: `AMP_LOG_FILE`, else a file in the user's cache folder, another one as a runner. */
export function ampLogFile(env: NodeJS.ProcessEnv, home: string, isRunner = false): string {
  const name = isRunner ? "no-tui.log" : "cli.log";
  return env["AMP_LOG_FILE"] || join(xdgFolders(env, home).cache, "amp/logs", name);
}
