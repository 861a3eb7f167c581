import { fileURLToPath } from "node:url";
import { type Context, createContext } from "./context.ts";
import { ModuleError } from "./errors.ts";
import { type Installed, install } from "./install/install.ts";
import { reportFailure } from "./report.ts";
import { explainEnd } from "./start/explain-end.ts";
import { describePrograms } from "./start/programs.ts";
import { prepareSession } from "./start/session.ts";
import { start } from "./start/start.ts";
import { stop } from "./stop/stop.ts";
import { CoderSync } from "./system/coder-sync.ts";
import { withLock } from "./system/lock.ts";
import type { Log } from "./system/log.ts";

/** A slow first install by another start may take this long. */
const LOCK_TIMEOUT_MS = 20 * 60_000;
/** A stop has 20 s in all and goes on without the lock: the start that holds it goes down with the workspace. */
const STOP_LOCK_TIMEOUT_MS = 1_000;

/** Errors that a log, and through it the terminal, has already shown. */
const shown = new WeakSet<object>();

// Set where Amp's own Bun runs this file; the Amp that we start would be a Bun again.
delete process.env["BUN_BE_BUN"];

/** What a start and a stop need; what only people type is in `tools.ts`, a bundle of its own. */
const commands = new Map<string | undefined, () => Promise<unknown>>([
  ["install", () => exclusively(installWith)],
  ["start", () => exclusively(startAll)],
  ["stop", stopAll],
  // The supervisor's: why AgentAPI ended with this exit code.
  ["explain-end", async () => explainEnd(contextOfThisFile(), Number(process.argv[3]))],
]);

try {
  const command = commands.get(process.argv[2]);
  if (!command) {
    throw new ModuleError(
      `amp-module.mjs has only the commands ${[...commands.keys()].join(", ")}.`,
      "Use amp-tools.mjs beside it, which has the others.",
    );
  }
  await command();
} catch (error) {
  if (!(typeof error === "object" && error !== null && shown.has(error))) reportFailure(error);
  process.exitCode = 1;
}

async function startAll(context: Context): Promise<void> {
  const sync = new CoderSync(context.env);
  const [installing, starting] = syncUnits(context.config.app_slug);
  try {
    sync.start(installing);
    const installed = await installWith(context);
    sync.complete(installing);
    sync.start(starting);
    await startWith(context, installed);
  } finally {
    // Also after a failure: who waits for us must not wait for ever.
    sync.complete(installing);
    sync.complete(starting);
    await sync.flush();
  }
}

async function stopAll(): Promise<void> {
  const context = contextOfThisFile();
  let hasBegun = false;
  const work = () => {
    hasBegun = true;
    const log = context.openLog(context.paths.stopLog, { rotate: true });
    return logged(log, () => stop(context, log));
  };
  try {
    await withLock(context.paths.lock, { timeoutMs: STOP_LOCK_TIMEOUT_MS }, work);
  } catch (error) {
    if (hasBegun) throw error;
    await work();
  }
}

/** The names under which other scripts can wait for this one; the Terraform output `scripts` lists the same. */
function syncUnits(slug: string): [install: string, start: string] {
  return [`${slug}-install`, `${slug}-start`];
}

async function exclusively<T>(work: (context: Context) => Promise<T>): Promise<void> {
  const context = contextOfThisFile();
  const onWait = ({ pid }: { pid: number }) =>
    console.log(`Waiting for another run of this module (pid ${pid}).`);
  await withLock(context.paths.lock, { timeoutMs: LOCK_TIMEOUT_MS, onWait }, () => work(context));
}

function installWith(context: Context): Promise<Installed> {
  const log = context.openLog(context.paths.installLog, { rotate: true });
  return logged(log, () => install(context, log));
}

async function startWith(context: Context, { amp, agentapi }: Installed): Promise<void> {
  const openLog = (options: { rotate: boolean }) => {
    const log = context.openLog(context.paths.startLog, options);
    if (options.rotate) for (const line of describePrograms(context.paths, amp, agentapi)) log.info(line);
    return log;
  };
  try {
    if (agentapi) await start(context, { amp, agentapi }, openLog);
    else await prepareSession(context, amp, openLog);
  } catch (error) {
    markShown(error);
    throw error;
  }
}

async function logged<T>(log: Log, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    log.failure(error);
    markShown(error);
    throw error;
  } finally {
    log.close();
  }
}

function markShown(error: unknown): void {
  if (typeof error === "object" && error !== null) shown.add(error);
}

function contextOfThisFile(): Context {
  return createContext(fileURLToPath(import.meta.url), process.env);
}
