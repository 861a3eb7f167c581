import type { ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { type Exit, type StartedChild, signalGroup, startChild } from "../base/child.ts";
import { errorCode, reasonOf } from "../base/errors.ts";
import { AmpError } from "./errors.ts";
import { ampCommand } from "./find.ts";

const STDERR_TAIL_BYTES = 64 * 1024;
/** How long an ended Amp's stdout may stay silent before it is given up: a child of Amp may hold it open for ever. */
const SILENCE_MS = 250;
/** Between the two SIGTERMs. */
const REPEAT_MS = 1_000;

export interface LaunchOptions {
  cwd?: string | undefined;
  env: NodeJS.ProcessEnv;
  /** Milliseconds between SIGTERM and SIGKILL. */
  graceMs: number;
}

/**
 * A running Amp in a process group of its own, so that what it started ends with it. Its stdout is read only as fast
 * as `chunks` is consumed; of its stderr the last 64 KiB are kept.
 */
export class AmpProcess {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #stdin: Writable;
  readonly #stdout: Readable;
  readonly #graceMs: number;
  readonly #killAtExit = () => this.#kill("SIGKILL");
  #stderr: Buffer[] = [];
  #stderrBytes = 0;
  #readBytes = 0;
  #isOver = false;
  #ending: Promise<void> | undefined;
  #quietCheck: NodeJS.Timeout | undefined;

  private constructor({ child, exited }: StartedChild, graceMs: number) {
    const { stdin, stdout } = child;
    if (!stdin || !stdout) throw new Error("Amp was started without pipes");
    this.#child = child;
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#graceMs = graceMs;
    // The child's end says more than a broken pipe does.
    stdin.on("error", () => {});
    child.stderr?.on("data", (chunk: Buffer) => this.#keepStderr(chunk));
    process.once("exit", this.#killAtExit);
    this.exited = exited.then((exit) => {
      this.#isOver = true;
      process.off("exit", this.#killAtExit);
      this.#releaseWhenQuiet();
      return exit;
    });
  }

  /**
   * Starts `path` (a `.js` file under this JavaScript runtime).
   * @throws AmpError cli_not_found if it cannot be started
   */
  static async start(path: string, args: readonly string[], options: LaunchOptions): Promise<AmpProcess> {
    const { file, args: before } = ampCommand(path);
    const { cwd, env } = options;
    const started = startChild(file, [...before, ...args], { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    const amp = new AmpProcess(started, options.graceMs);
    try {
      await started.isStarted;
    } catch (cause) {
      process.off("exit", amp.#killAtExit);
      throw startError(path, cwd, cause);
    }
    return amp;
  }

  get stdout(): AsyncIterable<Uint8Array> {
    return this.#chunks();
  }

  /** Resolves when Amp is gone and its last words on stderr are read. */
  async settled(): Promise<Exit> {
    const exit = await this.exited;
    const { stderr } = this.#child;
    if (stderr && !stderr.closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, SILENCE_MS);
        stderr.once("close", () => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return exit;
  }

  /** The end of what Amp wrote to stderr, unmasked. */
  get stderrTail(): string {
    return Buffer.concat(this.#stderr).subarray(-STDERR_TAIL_BYTES).toString();
  }

  onStderr(listener: () => void): void {
    this.#child.stderr?.on("data", listener);
  }

  /** Writes to Amp's stdin, no faster than Amp reads, and closes it. Stops silently when Amp ends. */
  async feed(lines: AsyncIterable<string>): Promise<void> {
    const stdin = this.#stdin;
    for await (const line of lines) {
      if (this.#isOver || stdin.destroyed) return;
      if (!stdin.write(line)) await this.#drained(stdin);
    }
    stdin.end();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Ends Amp and everything in its group: SIGTERM twice, then SIGKILL after the grace. Resolves when it is gone. */
  terminate(graceMs = this.#graceMs): Promise<void> {
    this.#ending ??= this.#terminate(graceMs);
    return this.#ending;
  }

  /** Lets go of an Amp process that has ended by itself. What it left running on purpose, such as a server, continues. */
  release(): void {
    this.#stdout.destroy();
    this.#child.stderr?.destroy();
  }

  async #terminate(graceMs: number): Promise<void> {
    if (!this.#isOver) {
      this.#kill("SIGTERM");
      // The real Amp may only leave its screen at the first one.
      const again = setTimeout(() => this.#kill("SIGTERM"), Math.min(REPEAT_MS, graceMs / 2));
      const timer = setTimeout(() => this.#kill("SIGKILL"), graceMs);
      await this.exited;
      clearTimeout(again);
      clearTimeout(timer);
    }
    // What Amp started may have stayed behind in its group.
    this.#kill("SIGKILL");
    this.release();
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#stdout as AsyncIterable<Uint8Array>) {
        this.#readBytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      // Thrown for a stream that was given up, by `terminate` or because it stayed silent.
      if (!this.#stdout.destroyed) throw error;
    } finally {
      clearInterval(this.#quietCheck);
    }
  }

  #releaseWhenQuiet(): void {
    const stdout = this.#stdout;
    let seen = -1;
    const isQuiet = () => stdout.readableLength === 0 && seen === this.#readBytes;
    this.#quietCheck = setInterval(() => {
      if (!isQuiet()) seen = this.#readBytes;
      // Not yet proof: a busy reader may have kept this process from looking. After the next poll it has looked.
      else setImmediate(() => isQuiet() && this.release());
    }, SILENCE_MS);
    this.#quietCheck.unref();
    stdout.once("close", () => clearInterval(this.#quietCheck));
  }

  #drained(stdin: Writable): Promise<void> {
    return new Promise((resolve) => {
      stdin.once("drain", resolve);
      stdin.once("close", resolve);
    });
  }

  #keepStderr(chunk: Buffer): void {
    this.#stderr.push(chunk);
    this.#stderrBytes += chunk.length;
    while (this.#stderrBytes - (this.#stderr[0]?.length ?? 0) > STDERR_TAIL_BYTES) {
      this.#stderrBytes -= this.#stderr.shift()?.length ?? 0;
    }
  }

  #kill(signal: NodeJS.Signals): void {
    // The whole group is gone, or this runtime made no group.
    if (!signalGroup(this.#child, signal) && !this.#isOver) this.#child.kill(signal);
  }
}

function startError(path: string, cwd: string | undefined, cause: unknown): AmpError {
  const reason = errorCode(cause) || reasonOf(cause);
  const where = cwd === undefined ? "" : ` in ${cwd}`;
  return new AmpError("cli_not_found", `Amp (${path}) cannot be started${where}: ${reason}.`, {
    remedy: "Check that both exist and that Amp may be run; install Amp again if it is broken.",
    cause,
  });
}
