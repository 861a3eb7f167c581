import type { Context } from "../context.ts";
import { type Installed, install } from "../install/install.ts";
import { logged } from "./logged.ts";

/** `amp-module install`; its log is `install.log`. */
export function runInstall(context: Context): Promise<Installed> {
  const log = context.openLog(context.paths.installLog, { rotate: true });
  return logged(log, () => install(context, log));
}
