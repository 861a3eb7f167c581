import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { statusPlugin } from "../../tools/bundle.ts";

/** A request or an answer of the line protocol between Amp and a plugin. */
interface Line {
  type: string;
  id?: string;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: string;
}

/** Our plugin in the runtime that Amp runs plugins in. */
export interface Plugin {
  /** Asks the plugin, as Amp does; resolves with its answer. */
  ask(method: string, params?: Record<string, unknown>): Promise<unknown>;
  /** Tells it of a thread's state, if it watches that thread. */
  tellState(thread: string, state: string): Promise<void>;
  /** What it asked Amp, oldest first. */
  asked: string[];
  /** What it logged. */
  logged(): string;
  /** Ends it as Amp does. @returns its exit code */
  end(): Promise<number | null>;
}

export interface PluginOptions {
  /** Path of the real Amp. */
  amp: string;
  /** `app_slug` of the instance that the plugin belongs to. */
  slug: string;
  env: Record<string, string>;
  /** Amp's settings. */
  settings?: Record<string, unknown>;
}

/**
 * Starts the plugin, built as it is shipped. Amp unpacks its runtime while it runs; a plugin of the test's own takes a copy
 * of it.
 */
export async function startPlugin(options: PluginOptions): Promise<Plugin & { remove(): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), "amp-plugin-"));
  const runtime = join(root, "plugin-runtime.ts");
  taken ??= takeRuntime(options.amp);
  await writeFile(runtime, await taken);
  const file = join(root, "plugins", `coder-status-${options.slug}.ts`);
  await mkdir(join(root, "plugins"));
  await writeFile(file, await statusPlugin());
  const child = spawn(options.amp, [runtime, file], {
    cwd: root,
    env: {
      ...environment(root),
      BUN_BE_BUN: "1",
      AMP_PLUGIN_NAME: `coder-status-${options.slug}`,
      AMP_PLUGIN_URI: `file://${file}`,
      ...options.env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const plugin = new Driven(child, options.settings ?? {});
  await plugin.ready;
  return Object.assign(plugin, {
    remove: async () => {
      child.kill("SIGKILL");
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  });
}

function environment(root: string): Record<string, string> {
  return {
    HOME: root,
    PATH: "/usr/bin:/bin",
    TMPDIR: root,
    AMP_PLUGIN_RUNTIME_LOG_FILE: join(root, "runtime.log"),
  };
}

let taken: Promise<string> | undefined;

/** The text of the runtime, which is the same for every plugin. */
async function takeRuntime(amp: string): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "amp-runtime-"));
  const taker = join(root, "taker.ts");
  const copy = join(root, "copy.ts");
  await writeFile(
    taker,
    `import { copyFileSync } from "node:fs";
     export default function () { copyFileSync(process.argv[1], ${JSON.stringify(copy)}); }`,
  );
  const env = { ...environment(root), AMP_API_KEY: "sgamp_user_test", AMP_URL: "http://127.0.0.1:9" };
  const child = spawn(amp, ["plugins", "exec", taker, "session.start"], { cwd: root, env, stdio: "ignore" });
  await once(child, "exit");
  const text = await readFile(copy, "utf8");
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
  return text;
}

class Driven implements Plugin {
  readonly asked: string[] = [];
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #settings: Record<string, unknown>;
  readonly #waiting = new Map<string, (line: Line) => void>();
  readonly #watching = new Map<string, string>();
  #log = "";
  #count = 0;

  constructor(child: ChildProcess, settings: Record<string, unknown>) {
    this.#child = child;
    this.#settings = settings;
    child.stderr?.on("data", (chunk) => (this.#log += chunk));
    this.ready = new Promise((resolve, reject) => {
      child.once("exit", () => reject(new Error(`the plugin's runtime has ended: ${this.#log}`)));
      const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
      lines.on("line", (text) => {
        const line = JSON.parse(text) as Line;
        if (line.type === "request") this.#answer(line);
        else if (line.type === "response") this.#waiting.get(line.id ?? "")?.(line);
        else if (line.type === "event") {
          this.#log += `${text}\n`;
          resolve();
        }
      });
    });
    this.ready.catch(() => {});
  }

  logged(): string {
    return this.#log;
  }

  async ask(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    const id = `t${++this.#count}`;
    const answer = new Promise<Line>((resolve) => this.#waiting.set(id, resolve));
    this.#say({ type: "request", id, method, params });
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(error);
    return result;
  }

  async tellState(thread: string, state: string): Promise<void> {
    const subscriptionID = this.#watching.get(thread);
    if (subscriptionID !== undefined) await this.ask("thread.state.change", { subscriptionID, state });
  }

  async end(): Promise<number | null> {
    const exit = once(this.#child, "exit") as Promise<[number | null]>;
    await this.ask("dispose").catch(() => {});
    this.#child.stdin?.end();
    return (await exit)[0];
  }

  #answer({ id = "", method = "", params = {} }: Line): void {
    this.asked.push(method);
    if (method === "thread.state.subscribe")
      this.#watching.set(String(params["threadID"]), String(params["subscriptionID"]));
    const results: Record<string, unknown> = {
      "client.info": { ampURL: "https://ampcode.com/", workspaceRoot: null, executorKind: "local" },
      "configuration.get": this.#settings,
      "thread.state": "idle",
    };
    this.#say({ type: "response", id, result: results[method] ?? {} });
  }

  #say(line: Line): void {
    this.#child.stdin?.write(`${JSON.stringify(line)}\n`);
  }
}
