import { findOnPath } from "./executables.ts";
import { run } from "./run.ts";

const TIMEOUT_MS = 10_000;

/**
 * Tells the Coder agent how far the module's scripts are (`coder exp sync`, Coder 2.30 and newer), so that other
 * scripts can wait for them. Nobody waits for these calls: they go one after the other beside the work, and an agent
 * that does not know them is left in peace after the first.
 *
 * There is no failed state to report: a unit is pending, started or completed (coder/coder, `agent/unit/manager.go`).
 * What the agent does tell apart, for `coder_script_order`, is the exit code of the script.
 */
export class CoderSync {
  readonly #coder: string | undefined;
  readonly #env: NodeJS.ProcessEnv;
  readonly #completed = new Set<string>();
  #last: Promise<boolean> = Promise.resolve(true);

  constructor(env: NodeJS.ProcessEnv) {
    // Outside of a workspace there is no agent to talk to.
    this.#coder = env["CODER_AGENT_TOKEN"] ? findOnPath("coder", env) : undefined;
    this.#env = env;
  }

  start(unit: string): void {
    this.#call("start", unit);
  }

  /** Once for each unit; a further call does nothing. */
  complete(unit: string): void {
    if (this.#completed.has(unit)) return;
    this.#completed.add(unit);
    this.#call("complete", unit);
  }

  /** Waits for the calls made so far. */
  async flush(): Promise<void> {
    await this.#last;
  }

  #call(step: "start" | "complete", unit: string): void {
    const coder = this.#coder;
    if (coder === undefined) return;
    this.#last = this.#last.then(async (isKnown) => {
      if (!isKnown) return false;
      const { exitCode } = await run(coder, ["exp", "sync", step, unit], {
        env: this.#env,
        timeoutMs: TIMEOUT_MS,
      });
      return exitCode === 0;
    });
  }
}
