import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findAmps } from "../../amp/find.ts";
import { OFFICIAL_IN_WORDS, officialPlaces } from "../../amp/places.ts";
import { probeAmp } from "../../amp/probe.ts";
import { certificateFix, isCertificateRefused } from "../../base/certificates.ts";
import { BUSY_ATTEMPTS, type DownloadOptions, download, withoutCredentials } from "../../base/download.ts";
import { ModuleError, reasonOf } from "../../base/errors.ts";
import { findOnPath } from "../../base/executables.ts";
import { harmless } from "../../base/harmless.ts";
import type { Log } from "../../base/log.ts";
import { AttemptError, withRetries } from "../../base/retry.ts";
import { run } from "../../base/run.ts";
import { downloadProgress } from "../progress.ts";
import { moveBeside } from "./beside.ts";
import type { AmpRoute, RouteContext, StagedAmp, Wanted } from "./route.ts";

/** How long an install may take, in milliseconds, and how often it is tried. */
const INSTALL = { timeoutMs: 15 * 60_000, attempts: 3, busyAttempts: BUSY_ATTEMPTS, fetch: {} };
/** Looking for something newer than what works must not hold up a start for long. */
const CHECK = {
  timeoutMs: 3 * 60_000,
  attempts: 1,
  busyAttempts: 1,
  fetch: { connectMs: 5_000, idleMs: 10_000, totalMs: 20_000, attempts: 1 },
};
const LONGEST_PAUSE_MS = 60_000;

/** Amp's own installer, from Amp's server or a mirror; for everybody who asks for nothing else. */
export const officialRoute: AmpRoute = {
  name: "the official installer",
  isAskedFor: () => true,
  stage: stageOfficially,
  tries: 1,
  fix: "Check amp_installer_url and amp_version, and that this system's libraries and processor are ones that Amp is built for.",
};

/**
 * Runs Amp's official installer, which makes `officialPlaces`, with a home of its own: what
 * it leaves there is proved before it replaces a working Amp, and it cannot edit the user's profile files.
 */
async function stageOfficially(
  context: RouteContext,
  { version, isCheck }: Wanted,
  log: Log,
): Promise<StagedAmp> {
  const { config, paths } = context;
  const patience = isCheck ? CHECK : INSTALL;
  const bash = requirements(context.env);
  const stage = `${paths.stage}-${randomBytes(4).toString("hex")}`;
  await mkdir(stage, { recursive: true, mode: 0o700 });
  const cleanUp = () => rm(stage, { recursive: true, force: true });
  try {
    const installer = join(stage, "amp-installer.sh");
    await fetchInstaller(config.amp_installer_url, installer, context.env, patience.fetch, log);
    const runIn = (home: string) =>
      runInstaller(bash, installer, { home, version, ...patience }, context, log);
    await runIn(stage);
    const installed = installedIn(stage);
    const { program, link } = officialPlaces(paths.home);
    const aside = await moveBeside(program, installed, stage);
    const removeAll = async () => {
      await aside.remove();
      await cleanUp();
    };
    return {
      path: aside.path,
      async commit(proved) {
        await aside.intoPlace();
        await linkFor(link, program);
        return { ...proved, path: program };
      },
      cleanUp: removeAll,
      // Releases before the self-contained binary were scripts that look for the rest of themselves in the home.
      async elsewhere() {
        await aside.back();
        const commit = async () => {
          log.info("This Amp cannot be moved, so it is installed in place.");
          await runIn(paths.home);
          return probeAmp(installedIn(paths.home), { env: context.env });
        };
        return { path: installed, commit, cleanUp: removeAll };
      },
    };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

function requirements(env: NodeJS.ProcessEnv): string {
  const bash = findOnPath("bash", env);
  if (!bash) {
    throw new ModuleError(
      "Amp's official installer needs bash, which is not on PATH.",
      "Add bash to the workspace image, or set install_via_npm = true.",
    );
  }
  if (isMusl()) {
    throw new ModuleError(
      "Amp's official binary needs glibc; this system has musl (Alpine).",
      "Set install_via_npm = true and add Node with npm to the workspace image.",
    );
  }
  return bash;
}

async function fetchInstaller(
  url: string,
  target: string,
  env: NodeJS.ProcessEnv,
  limits: NonNullable<DownloadOptions["limits"]>,
  log: Log,
): Promise<void> {
  try {
    await download(url, target, { mode: 0o700, env, limits, ...downloadProgress("Amp's installer", log) });
  } catch (cause) {
    throw new ModuleError(
      `Amp's installer could not be downloaded from ${reasonOf(cause)}.`,
      certificateFix(reasonOf(cause), env) ??
        "Check the workspace's network and proxy, or set amp_installer_url to a mirror.",
      { cause },
    );
  }
}

interface InstallerRun {
  /** What the installer takes for the home. */
  home: string;
  version: string | undefined;
  timeoutMs: number;
  attempts: number;
  busyAttempts: number;
}

/** The installer downloads Amp itself, perhaps with no retries of its own, so a failed one is run again. */
async function runInstaller(
  bash: string,
  installer: string,
  { home, version, timeoutMs, ...tries }: InstallerRun,
  { config, env, redact }: RouteContext,
  log: Log,
): Promise<void> {
  let output = "";
  const attempt = async () => {
    const result = await run(bash, [installer], {
      env: {
        ...env,
        HOME: home,
        // curl finds its configuration here, a proxy or a CA for instance, although the home is another one.
        CURL_HOME: env["CURL_HOME"] ?? env["HOME"],
        ...(version === undefined ? {} : { AMP_VERSION: version }),
      },
      cwd: home,
      timeoutMs,
      redact,
      onLine: (line) => log.info(`  installer: ${line}`),
    });
    output = result.output;
    if (result.failure) throw new AttemptError(result.failure, { isFinal: true });
    const isFinal = isCertificateRefused(output);
    // As curl says it, and wget.
    const status = /\b(error: |ERROR )429\b/.test(output) ? 429 : undefined;
    const reason = `exit code ${result.exitCode}${status ? `, HTTP ${status}` : ""}`;
    if (result.exitCode !== 0) throw new AttemptError(reason, { isFinal, status });
  };
  const onRetry = (reason: string, pauseMs: number) =>
    log.warn(`Amp's installer: ${reason}; trying again in ${(pauseMs / 1000).toFixed(1)} s.`);
  try {
    const limits = { longestPauseMs: LONGEST_PAUSE_MS, totalMs: timeoutMs };
    await withRetries({ ...tries, ...limits, env, onRetry }, attempt);
  } catch (cause) {
    // curl explains a certificate in six lines, the first of which says what it is.
    const last = harmless(output).trimEnd().split("\n").slice(-8).join("\n");
    throw new ModuleError(
      `Amp's installer from ${withoutCredentials(config.amp_installer_url)} failed: ${reasonOf(cause)}. Its last lines:\n${last}`,
      certificateFix(output, env) ??
        "Check amp_version, the network and the free space of the home volume; install_via_npm = true is another way.",
      { cause },
    );
  }
}

function installedIn(home: string): string {
  const [path] = findAmps({ env: {}, home });
  if (path) return path;
  throw new ModuleError(
    `Amp's official installer ended well, but left ${OFFICIAL_IN_WORDS}.`,
    "Check amp_installer_url: it may not serve Amp's installer.",
  );
}

/** The link, as the installer itself makes it; a file of the user's own stays. */
async function linkFor(link: string, target: string): Promise<void> {
  try {
    await mkdir(dirname(link), { recursive: true });
    await symlink(target, link);
  } catch {
    // It is there already, or its folder cannot be written: ~/.amp/bin/amp is what the module uses.
  }
}

/** musl's and glibc's dynamic loaders have names of their own; a system for cross builds can have both. */
function isMusl(): boolean {
  const loaders = ["/lib", "/lib64"].flatMap((folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  });
  return (
    loaders.some((name) => name.startsWith("ld-musl-")) &&
    !loaders.some((name) => name.startsWith("ld-linux"))
  );
}
