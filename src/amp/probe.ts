import * as z from "zod/mini";
import { probeCache } from "../base/probe-cache.ts";
import { run } from "../base/run.ts";
import { versionIn } from "../base/version.ts";
import { ampCommand } from "./find.ts";

/** `amp --version` and `--help` take 0.5-0.8 s each; a cold disk or an emulated CPU takes much longer. */
const TIMEOUT_MS = 30_000;
const MAX_OUTPUT = 4 * 1024 * 1024;

const probeSchema = z.object({
  path: z.string(),
  version: z.string(),
  flags: z.array(z.string()),
  modes: z.array(z.string()),
  hasPluginModes: z.boolean(),
  commands: z.array(z.string()),
});

/** What one Amp binary can do, read from its `--version` and `--help`. */
export type AmpProbe = z.infer<typeof probeSchema>;

/** Where a probe is kept between runs. */
export const ampProbeCache = (file: string) => probeCache(file, probeSchema);

/** A binary that does not run, or answers with something that is not Amp's. */
export class AmpProbeError extends Error {
  /** The last part of what the program printed. */
  readonly output: string;

  constructor(message: string, output: string) {
    super(message);
    this.name = "AmpProbeError";
    this.output = output;
  }
}

/**
 * Runs `amp --version` and `amp --help`, or takes both from the cache if the binary is still the same file.
 *
 * @param path absolute path of an Amp binary, as `findAmps` returns it
 * @throws AmpProbeError if it does not run
 */
export async function probeAmp(
  path: string,
  options: { cacheFile?: string | undefined; env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<AmpProbe> {
  const cache = options.cacheFile === undefined ? undefined : ampProbeCache(options.cacheFile);
  const cached = cache?.read(path);
  if (cached) return cached;
  const { env = process.env, timeoutMs = TIMEOUT_MS } = options;
  const ask = (flag: string) => output(path, flag, env, timeoutMs);
  const [version, help] = await Promise.all([ask("--version"), ask("--help")]);
  const probe = { path, version: parseVersion(version), ...parseHelp(help) };
  cache?.write(probe);
  return probe;
}

/** `0.0.1790142911-g7618fb (released …)` is version `0.0.1790142911-g7618fb`. */
function parseVersion(text: string): string {
  const version = versionIn(text.trim());
  if (version === undefined) throw new AmpProbeError("it does not answer --version like Amp does", text);
  return version;
}

/** Reads flags, modes and top-level commands out of `amp --help`. */
function parseHelp(help: string): Omit<AmpProbe, "path" | "version"> {
  const modes = help.match(/--mode\b[^(]*\(([^)]*)\)/)?.[1] ?? "";
  return {
    flags: [...help.matchAll(/^ {2,}(?:-\w+, )?(--[a-z][\w-]*)/gm)].flatMap((match) => match[1] ?? []),
    modes: modes
      .split(",")
      // The last part of today's list says in words that plugins may add modes.
      .map((mode) => mode.trim().replace(/^or /, ""))
      .filter((mode) => /^[a-z][\w-]*$/i.test(mode) && mode !== "case-insensitive"),
    hasPluginModes: /plugin mode/.test(modes),
    commands: [...help.matchAll(/^ {2}([a-z][\w-]*) {2,}\S/gm)].flatMap((match) => match[1] ?? []),
  };
}

async function output(
  path: string,
  flag: string,
  env: NodeJS.ProcessEnv,
  timeoutMs: number,
): Promise<string> {
  const { file, args } = ampCommand(path);
  let printed = "";
  const onLine = (line: string, from: string) => {
    if (from === "stdout" && printed.length < MAX_OUTPUT) printed += `${line}\n`;
  };
  const ended = await run(file, [...args, flag], { env, timeoutMs, onLine });
  const failure = ended.failure ?? (ended.exitCode === 0 ? undefined : `exit code ${ended.exitCode}`);
  if (failure === undefined) return printed.trimEnd();
  throw new AmpProbeError(`"${path} ${flag}" failed: ${failure}`, ended.output.slice(-2000));
}
