import { ampLogFile } from "../../amp/log-file.ts";
import type { Paths } from "../../paths.ts";

/** The logs by what people call them, in the order in which a start writes them. */
export const LOG_NAMES = ["pre", "install", "post", "start", "stop", "amp"] as const;
export type LogName = (typeof LOG_NAMES)[number];

/** The file of a log; `previous` is the one of the run before. A runner has an own one for Amp. */
export function logFile(
  name: LogName,
  paths: Paths,
  env: NodeJS.ProcessEnv,
  previous: boolean,
  isRunner = false,
): string {
  const files: Record<LogName, string> = {
    pre: paths.preInstall.log,
    install: paths.installLog,
    post: paths.postInstall.log,
    start: paths.startLog,
    stop: paths.stopLog,
    amp: ampLogFile(env, paths.home, isRunner),
  };
  return previous ? `${files[name]}.1` : files[name];
}
