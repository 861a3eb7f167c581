import { isAbsolute, join } from "node:path";

/** Where Amp writes its own log: `AMP_LOG_FILE`, else `amp/logs/cli.log` in the user's cache folder. */
export function ampLogFile(env: NodeJS.ProcessEnv, home: string): string {
  const cache = env["XDG_CACHE_HOME"];
  return (
    env["AMP_LOG_FILE"] || join(cache && isAbsolute(cache) ? cache : join(home, ".cache"), "amp/logs/cli.log")
  );
}
