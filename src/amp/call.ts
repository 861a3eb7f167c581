import type * as z from "zod/mini";
import { createRedact } from "../base/redact.ts";
import { diagnose, essence, isLoginPrompt } from "./diagnose.ts";
import { AmpError } from "./errors.ts";
import type { AmpOptions } from "./options.ts";
import { AmpProcess } from "./process.ts";
import { environment, resolveAmp } from "./resolve.ts";

const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;

export interface CallResult {
  stdout: string;
  exitCode: number;
}

/**
 * Runs one of Amp's management commands with nothing on stdin.
 *
 * @param accepted exit codes that are answers
 * @throws AmpError
 */
export async function callAmp(
  args: readonly string[],
  options: AmpOptions,
  accepted: readonly number[] = [0],
): Promise<CallResult> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, graceMs = 5_000, signal, settingsFile } = options;
  const amp = await resolveAmp(options);
  const env = environment(options);
  const name = `"amp ${args.slice(0, 2).join(" ")}"`;
  const all = [...args, ...(settingsFile ? ["--settings-file", settingsFile] : [])];
  const child = await AmpProcess.start(amp.path, all, { cwd: options.cwd, env, graceMs });
  let stop: AmpError | undefined;
  const end = (error: AmpError, grace = graceMs) => {
    stop ??= error;
    void child.terminate(grace);
  };
  const abort = () => end(new AmpError("aborted", `${name} was stopped.`));
  const limit = () => end(new AmpError("timeout", `${name} was not done after ${timeoutMs / 1000} s.`));
  const timer = timeoutMs > 0 ? setTimeout(limit, timeoutMs) : undefined;
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  try {
    // With an open stdin Amp would wait for somebody to type a login code.
    await child.feed(nothing());
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of child.stdout) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes < 4096 && isLoginPrompt(Buffer.concat(chunks).toString())) {
        end(new AmpError("auth_required", `${name} waits for a login.`), 200);
      }
      if (bytes > MAX_OUTPUT_BYTES)
        end(new AmpError("protocol", `${name} printed more than ${MAX_OUTPUT_BYTES} bytes.`));
    }
    const { code, signal: killedBy } = await child.settled();
    if (stop) throw stop;
    const stdout = Buffer.concat(chunks).toString();
    if (code !== null && accepted.includes(code)) return { stdout, exitCode: code };
    const output = createRedact(env)(`${child.stderrTail}\n${stdout}`.trim());
    const how = code === null ? `signal ${killedBy}` : `exit code ${code}`;
    throw new AmpError(diagnose(output) ?? "execution", `${name} failed with ${how}: ${essence(output)}`, {
      stderrTail: createRedact(env)(child.stderrTail),
      ...(code !== null && { exitCode: code }),
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    await child.terminate();
  }
}

/** As `callAmp` for a command that prints JSON of a known shape. @throws AmpError protocol for another shape */
export async function callAmpJson<T>(
  args: readonly string[],
  schema: z.ZodMiniType<T>,
  options: AmpOptions,
  accepted?: readonly number[],
): Promise<T> {
  const { stdout } = await callAmp(args, options, accepted);
  try {
    return schema.parse(JSON.parse(stdout));
  } catch {
    // Without the cause: a JSON error repeats a part of the text, which may hold the secrets of an MCP server.
    throw new AmpError("protocol", `"amp ${args.slice(0, 2).join(" ")}" did not print the JSON it should.`);
  }
}

async function* nothing(): AsyncGenerator<string> {}
