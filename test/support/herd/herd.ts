import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { defaultRelease } from "../default-release.ts";
import { moduleRoot } from "../terraform.ts";
import { sharedToolFolder } from "../tool-folder.ts";
import { figuresOf, type HerdFigures } from "./figures.ts";
import { herdFiles, type Pace } from "./files.ts";
import { openHerdMirror } from "./mirror.ts";
import type { Batch, Ended } from "./worker.ts";
import type { HerdPlace } from "./workspace.ts";

const BATCH = 25;

export interface HerdOptions {
  workspaces: number;
  /** What the mirror serves at once. */
  connections: number;
  pace: Pace;
  retryAfter?: number | undefined;
  /** Workspaces without a JavaScript runtime: the launcher gets Amp. */
  isBare?: boolean;
  /** Every pause between two tries is so many times as long. */
  scale?: number;
}

export interface HerdResult extends HerdFigures {
  succeeded: number;
  failures: string[];
  medianSeconds: number;
  lastSeconds: number;
}

/** So many workspaces start at once against one mirror, each with the module's own code for downloads and retries. */
export async function runHerd(options: HerdOptions): Promise<HerdResult> {
  const { workspaces: count, connections, pace, retryAfter, isBare = false, scale = 1 } = options;
  const folder = await mkdtemp(join(tmpdir(), "amp-module-herd-"));
  const mirror = await openHerdMirror({ files: herdFiles(pace), connections, retryAfter });
  const workers: ChildProcess[] = [];
  try {
    const tools = await sharedToolFolder("bare", ["awk", "curl", "sed"], join(folder, "tools"));
    const program = await builtWorker(folder);
    const launcher = await readFile(join(moduleRoot, "scripts/amp-module.sh"), "utf8");
    const places = Array.from(
      { length: count },
      (_, number): HerdPlace => ({ url: mirror.urlFor(number), release: defaultRelease, launcher, tools }),
    );
    for (let at = 0; at < count; at += BATCH) {
      const env = { ...process.env, TMPDIR: folder, AMP_MODULE_RETRY_SCALE: String(scale) };
      const worker = fork(program, { env, execArgv: [] });
      workers.push(worker);
      const batch: Batch = { places: places.slice(at, at + BATCH), isBare };
      worker.send(batch);
      await once(worker, "message");
    }
    mirror.forget();
    const ended = (await Promise.all(workers.map(startedAll))).flat();
    const seconds = ended.map((each) => each.seconds).sort((a, b) => a - b);
    const failures = ended.map(({ failure }) => failure).filter((failure) => failure !== "");
    return {
      ...figuresOf(mirror.arrivals(), count),
      succeeded: ended.length - failures.length,
      failures,
      medianSeconds: seconds[Math.floor(count / 2)] ?? 0,
      lastSeconds: seconds.at(-1) ?? 0,
    };
  } finally {
    for (const worker of workers) worker.kill("SIGKILL");
    await mirror.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

async function startedAll(worker: ChildProcess): Promise<Ended[]> {
  const ended = Promise.race([once(worker, "message"), once(worker, "exit")]);
  worker.send("go");
  const [result] = await ended;
  if (Array.isArray(result)) return result;
  throw new Error(`a process with workspaces of the herd ended by itself: ${result}`);
}

/** One file that plain Node starts at once. */
async function builtWorker(folder: string): Promise<string> {
  const outfile = join(folder, "worker.mjs");
  const entryPoints = [join(moduleRoot, "test/support/herd/worker.ts")];
  await build({ entryPoints, outfile, bundle: true, format: "esm", platform: "node" });
  return outfile;
}
