import { fileURLToPath } from "node:url";
import { Command } from "commander";
import type { AmpOptions } from "./amp/options.ts";
import { type Context, createContext } from "./context.ts";
import { ModuleError, reasonOf } from "./errors.ts";
import { type Installed, install } from "./install/install.ts";
import { prebake } from "./install/prebake.ts";
import { doctor } from "./operate/doctor.ts";
import { PREBAKED_DIR } from "./paths.ts";
import { addRunCommand } from "./run/command.ts";
import { prepareSession } from "./start/session.ts";
import { start } from "./start/start.ts";
import { stop } from "./stop/stop.ts";
import { CoderSync } from "./system/coder-sync.ts";
import { withLock } from "./system/lock.ts";
import type { Log } from "./system/log.ts";
import { fileProbeCache } from "./system/probe-cache.ts";
import { createRedact } from "./system/redact.ts";

/** A slow first install by another start may take this long. */
const LOCK_TIMEOUT_MS = 20 * 60_000;
/** A stop has 20 s in all and goes on without the lock: the start that holds it goes down with the workspace. */
const STOP_LOCK_TIMEOUT_MS = 1_000;

/** Errors that a log, and through it the terminal, has already shown. */
const shown = new WeakSet<object>();

process.umask(0o077);
// Set where Amp's own Bun runs this file; the Amp that we start would be a Bun again.
delete process.env["BUN_BE_BUN"];

const program = new Command("amp-module")
  .description("Installs Sourcegraph's Amp in a Coder workspace and runs it under AgentAPI.")
  .showHelpAfterError()
  .configureHelp({ sortSubcommands: false });

program
  .command("install")
  .description("install Amp and AgentAPI where they are missing, write Amp's settings")
  .action(() => exclusively(installWith));
program
  .command("start")
  .description("install what is missing, then start AgentAPI with Amp under it; a healthy one is left alone")
  .action(() =>
    exclusively(async (context) => {
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
    }),
  );
program
  .command("stop")
  .description("end AgentAPI and Amp")
  .action(async () => {
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
  });
program
  .command("doctor")
  .description("look at everything that the module set up and say what is wrong and how to fix it")
  .action(async () => {
    process.exitCode = (await doctor(contextOfThisFile())) ? 0 : 1;
  });

addRunCommand(program, whereAmpIs);
program
  .command("prebake")
  .description("in a Dockerfile: put Amp and AgentAPI into the image, in /opt/amp-module")
  .option("--amp-version <version>", "as the variable amp_version", "")
  .option("--install-via-npm", "as the variable install_via_npm", false)
  .option("--amp-installer-url <url>", "as the variable amp_installer_url", "https://ampcode.com/install.sh")
  .option("--npm-registry-url <url>", "as the variable npm_registry_url", "")
  .option("--agentapi-version <version>", "as the variable agentapi_version", "v0.12.1")
  .option(
    "--agentapi-download-url <url>",
    "as the variable agentapi_download_url",
    "https://github.com/coder/agentapi/releases",
  )
  .option("--agentapi-sha256 <digest>", "as the variable agentapi_sha256", "")
  .action((options: Record<string, string | boolean>) => {
    process.umask(0o022);
    return prebake(
      {
        amp_version: String(options["ampVersion"]),
        install_via_npm: options["installViaNpm"] === true,
        amp_installer_url: String(options["ampInstallerUrl"]),
        npm_registry_url: String(options["npmRegistryUrl"]),
        agentapi_version: String(options["agentapiVersion"]),
        agentapi_download_url: String(options["agentapiDownloadUrl"]),
        agentapi_sha256: String(options["agentapiSha256"]),
      },
      process.env,
    );
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!(typeof error === "object" && error !== null && shown.has(error))) report(error);
  process.exitCode = 1;
}

/** `run` works without a module directory, too: then Amp is looked for in the usual places. */
function whereAmpIs(): AmpOptions {
  try {
    const { paths } = contextOfThisFile();
    return { probeCache: fileProbeCache(paths.ampProbe), npmPrefixes: [paths.npmPrefix, PREBAKED_DIR] };
  } catch {
    return { npmPrefixes: [PREBAKED_DIR] };
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
  const openLog = (options: { rotate: boolean }) => context.openLog(context.paths.startLog, options);
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

function report(error: unknown): void {
  const show = (text: string) => console.error(createRedact(process.env)(text));
  show(`error: ${reasonOf(error)}`);
  if (error instanceof ModuleError) show(`error: To fix it: ${error.fix}`);
  else if (error instanceof Error) show(error.stack ?? "");
}
