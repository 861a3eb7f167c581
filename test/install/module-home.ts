import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Log, openLog } from "../../src/base/log.ts";
import type { Config } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { modulePaths } from "../../src/paths.ts";
import { exampleConfig } from "../start/example.ts";

export interface Example {
  context: Context;
  log: Log;
  home: string;
  /** What was logged so far, a line each. */
  lines: string[];
}

export interface ExampleOptions {
  config?: Partial<Config>;
  env?: NodeJS.ProcessEnv;
  now?: () => Date;
}

/** A context whose home has a space, a quote and a letter outside of ASCII; removed when the test ends. */
export function example(options: ExampleOptions = {}): Example {
  const root = mkdtempSync(join(tmpdir(), "amp-module-example-"));
  const home = join(root, "Zoë's höme");
  const paths = modulePaths(join(home, ".amp-module"), home);
  const config = exampleConfig(options.config);
  const lines: string[] = [];
  const redact = (text: string) => text;
  const now = options.now ?? (() => new Date());
  const echo = (line: string, level: string) => void lines.push(`${level}: ${line}`);
  const open: Context["openLog"] = (path, { rotate }) =>
    openLog({ path, rotate, redact, now, level: "debug", echo });
  mkdirSync(paths.state, { recursive: true });
  const log = open(paths.installLog, { rotate: false });
  onTestFinished(() => {
    log.close();
    rmSync(root, { recursive: true, force: true });
  });
  const env = { HOME: home, PATH: process.env["PATH"], ...options.env };
  return { context: { config, paths, env, now, redact, openLog: open }, log, home, lines };
}
