import { join } from "node:path";
import { xdgFolders } from "../base/xdg.ts";

/** Where Amp writes its own log: `AMP_LOG_FILE`, else `amp/logs/cli.log` in the user's cache folder. */
export function ampLogFile(env: NodeJS.ProcessEnv, home: string): string {
  return env["AMP_LOG_FILE"] || join(xdgFolders(env, home).cache, "amp/logs/cli.log");
}
