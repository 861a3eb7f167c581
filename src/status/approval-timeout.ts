import { join } from "node:path";
import { startChild } from "../base/child.ts";
import { APPROVAL_TIMEOUT, INSTANCE } from "./environment.ts";
import type { ThreadState } from "./threads.ts";

/**
 * Has refused what nobody answers: the dialog of Amp's terminal waits without end. Amp offers a plugin no way to answer it,
 * so the module's command presses its keys.
 */
export class ApprovalTimeout {
  readonly #ms: number;
  readonly #refuse: () => Promise<unknown>;
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  #refusing: Promise<unknown> = Promise.resolve();

  /**
   * @param ms 0 for no limit
   * @param refuse whatever is asked; resolves when it is done
   */
  constructor(ms: number, refuse: () => Promise<unknown>) {
    this.#ms = ms;
    this.#refuse = refuse;
  }

  /** A thread's state, whenever it is told. What is still not answered is refused again after the same time. */
  changed(thread: string, state: ThreadState): void {
    if (state !== "awaiting-approval") {
      clearTimeout(this.#waiting.get(thread));
      this.#waiting.delete(thread);
    } else if (!this.#waiting.has(thread) && this.#ms > 0) {
      this.#wait(thread);
    }
  }

  #wait(thread: string): void {
    const timer = setTimeout(async () => {
      // Two at once would press keys into each other's dialogs.
      this.#refusing = this.#refusing.then(this.#refuse);
      await this.#refusing;
      if (this.#waiting.get(thread) === timer) this.#wait(thread);
    }, this.#ms);
    this.#waiting.set(thread, timer);
  }
}

/** As the environment of the module's own Amp wants it. */
export function approvalTimeout(env: NodeJS.ProcessEnv): ApprovalTimeout {
  const launcher = join(env[INSTANCE] ?? "", "bin", "amp-module");
  return new ApprovalTimeout(1000 * Number(env[APPROVAL_TIMEOUT] ?? 0), async () => {
    const { isStarted, exited } = startChild(launcher, ["deny", "--late"], { env, stdio: "ignore" });
    // Without the command there is nobody to refuse.
    await isStarted.then(
      () => exited,
      () => {},
    );
  });
}
