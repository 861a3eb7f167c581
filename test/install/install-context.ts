import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { onTestFinished } from "vitest";
import type { Log } from "../../src/base/log.ts";
import type { Config } from "../../src/config.ts";
import { type ExampleContext, exampleContext } from "../start/example.ts";

/** A context on a temporary home and its install log; both end with the running test. */
export function installContext(
  config: Partial<Config> = {},
  env: Record<string, string> = {},
): { context: ExampleContext; log: Log; logged: () => string } {
  const context = exampleContext(config, env);
  const log = context.openLog(context.paths.installLog, { rotate: true });
  onTestFinished(() => {
    log.close();
    rmSync(context.paths.home, { recursive: true, force: true });
  });
  return { context, log, logged: () => context.echoed.join("\n") };
}

export function writeProgram(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}
