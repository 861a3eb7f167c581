import { execFile } from "node:child_process";
import { realpathSync, statSync } from "node:fs";
import { promisify } from "node:util";
import * as z from "zod/mini";
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

const cacheSchema = z.object({ fingerprint: z.string(), probe: probeSchema });

/** Where a probe is kept between runs: one text, JSON of this module's own shape. */
export interface ProbeCache {
  read(): string | undefined;
  write(text: string): void;
}

/** A binary that does not run, or answers with something that is not Amp's. */
export class AmpProbeError extends Error {
  /** The last part of what the program printed. */
  readonly output: string;

  constructor(message: string, output: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "AmpProbeError";
    this.output = output;
  }
}

/**
 * Runs `amp --version` and `amp --help`, or takes both from the cache where the binary is still the same file.
 *
 * @param path absolute path of an Amp, as `findAmp` returns it
 * @throws AmpProbeError where it does not run
 */
export async function probeAmp(
  path: string,
  options: { cache?: ProbeCache; env?: NodeJS.ProcessEnv } = {},
): Promise<AmpProbe> {
  const cached = cachedProbe(path, options.cache);
  if (cached) return cached;
  const env = options.env ?? process.env;
  const [version, help] = await Promise.all([output(path, "--version", env), output(path, "--help", env)]);
  const probe = { path, version: parseVersion(version), ...parseHelp(help) };
  options.cache?.write(JSON.stringify({ fingerprint: fingerprint(path), probe }));
  return probe;
}

/** The cached probe of `path`, or undefined where there is none or the binary was replaced. Runs nothing. */
export function cachedProbe(path: string, cache: ProbeCache | undefined): AmpProbe | undefined {
  try {
    const entry = cacheSchema.parse(JSON.parse(cache?.read() ?? "null"));
    return entry.probe.path === path && entry.fingerprint === fingerprint(path) ? entry.probe : undefined;
  } catch {
    return undefined;
  }
}

/** `0.0.1790142911-g7618fb (released …)` is version `0.0.1790142911-g7618fb`. */
export function parseVersion(text: string): string {
  const version = text.trim().match(/^v?(\d+\.\d+\.\d+\S*)/)?.[1];
  if (version === undefined) throw new AmpProbeError("it does not answer --version like Amp does", text);
  return version;
}

/** Reads flags, modes and top-level commands out of `amp --help`. */
export function parseHelp(help: string): Omit<AmpProbe, "path" | "version"> {
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

async function output(path: string, flag: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { file, args } = ampCommand(path);
  const options = { env, timeout: TIMEOUT_MS, killSignal: "SIGKILL", maxBuffer: MAX_OUTPUT } as const;
  try {
    const running = promisify(execFile)(file, [...args, flag], options);
    // With an open stdin Amp might wait for somebody to type.
    running.child.stdin?.end();
    return (await running).stdout.trimEnd();
  } catch (cause) {
    const printed = isFailedRun(cause) ? `${cause.stdout}${cause.stderr}`.slice(-2000) : "";
    throw new AmpProbeError(`"${path} ${flag}" failed: ${failureOf(cause)}`, printed, { cause });
  }
}

/** What execFile rejects with once the program was started. */
interface FailedRun {
  code: number | string | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

function isFailedRun(error: unknown): error is FailedRun {
  return error instanceof Error && "stdout" in error && "signal" in error;
}

function failureOf(error: unknown): string {
  if (isFailedRun(error) && error.signal) return `ended by ${error.signal}`;
  if (isFailedRun(error) && typeof error.code === "number") return `exit code ${error.code}`;
  return error instanceof Error ? error.message : String(error);
}

/** Changes whenever the file behind `path` is another one. */
function fingerprint(path: string): string {
  const real = realpathSync(path);
  const { ino, size, mtimeMs } = statSync(real);
  return [real, ino, size, mtimeMs].join(":");
}
