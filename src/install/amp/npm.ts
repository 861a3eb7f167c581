import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ampInPrefix } from "../../amp/places.ts";
import { certificateFix, isCertificateRefused } from "../../base/certificates.ts";
import { ModuleError } from "../../base/errors.ts";
import { findOnPath, isExecutable } from "../../base/executables.ts";
import { harmless } from "../../base/harmless.ts";
import type { Log } from "../../base/log.ts";
import { type RunResult, run } from "../../base/run.ts";
import { compareVersions, versionIn } from "../../base/version.ts";
import { removeSiblings } from "../leftovers.ts";
import { nodeFolders } from "./node-folders.ts";
import type { AmpRoute, RouteContext, StagedAmp, Wanted } from "./route.ts";

/** Its install script puts the native binary in place; newer npm runs it only if it is allowed. */
const PACKAGE = "@ampcode/cli";
/** The old name: releases up to 2026 stand there, and some mirrors have no other (ampcode.com/news/npm-package-changes). */
const OLD_PACKAGE = "@sourcegraph/amp";
const TIMEOUT_MS = 15 * 60_000;

/** `npm install --global`, for systems without glibc, and for a registry instead of Amp's own server. */
export const npmRoute: AmpRoute = {
  name: "npm",
  isAskedFor: ({ install_via_npm }) => install_via_npm,
  stage: stageWithNpm,
  isNewest: isNewestOnNpm,
  // npm calls it a success when the platform's package, which is optional, did not arrive whole.
  tries: 2,
  fix:
    "See that npm may run the install script of @ampcode/cli (no ignore-scripts, no omit=optional) and that the " +
    "registry offers the package for this platform, such as @ampcode/cli-linux-x64 (glibc only).",
};

/**
 * Installs Amp with npm into a prefix of its own, so that the user's npm configuration stays as it is. Each install
 * gets a new folder; the link `npm` moves to it in one step.
 */
async function stageWithNpm(context: RouteContext, { version }: Wanted, log: Log): Promise<StagedAmp> {
  const { config, paths } = context;
  const { npm, env } = findNpm(context);
  const prefix = `${paths.npmPrefix}-${randomBytes(4).toString("hex")}`;
  removeSiblings(paths.npmPrefix);
  mkdirSync(prefix, { recursive: true, mode: 0o700 });
  const cleanUp = async () => removeSiblings(paths.npmPrefix);
  try {
    const npmVersion = await versionOf(npm, env);
    const install = async (name: string) => {
      const args = npmArguments({ name, prefix, version, registryUrl: config.npm_registry_url, npmVersion });
      const onLine = (line: string) => {
        if (namesFault(line)) log.warn(`npm: ${line}`);
        else if (!isRequest(line)) log.info(`  npm: ${line}`);
      };
      const { redact } = context;
      return run(npm, args, { env, cwd: paths.home, timeoutMs: TIMEOUT_MS, redact, onLine, endAt: refusal });
    };
    let result = await install(PACKAGE);
    if (isUnknownToRegistry(result)) {
      log.info(`The registry does not have ${PACKAGE} ${version ?? "latest"}: trying ${OLD_PACKAGE}.`);
      result = await install(OLD_PACKAGE);
    }
    if (result.exitCode !== 0)
      throw npmFailed(result.failure ?? `exit code ${result.exitCode}`, result.output, env);
    const commit: StagedAmp["commit"] = async (proved) => {
      replaceLink(paths.npmPrefix, prefix);
      return { ...proved, path: ampInPrefix(paths.npmPrefix) };
    };
    return { path: ampInPrefix(prefix), commit, cleanUp };
  } catch (error) {
    rmSync(prefix, { recursive: true, force: true });
    throw error;
  }
}

/** Whether npm offers nothing newer. If npm cannot be asked, the answer is yes: a check must not cost a start. */
async function isNewestOnNpm(version: string, context: RouteContext): Promise<boolean> {
  const { npm, env } = findNpm(context);
  const registry = context.config.npm_registry_url;
  const ask = (name: string) => {
    const options = ["--fetch-retries=0", ...(registry ? [`--registry=${registry}`] : [])];
    return run(npm, ["view", `${name}@latest`, "version", ...options], {
      env,
      cwd: context.paths.home,
      timeoutMs: 20_000,
    });
  };
  let answer = await ask(PACKAGE);
  if (isUnknownToRegistry(answer)) answer = await ask(OLD_PACKAGE);
  const newest = answer.output.trim().split("\n").at(-1) ?? "";
  return answer.exitCode !== 0 || versionIn(newest) === undefined || compareVersions(newest, version) <= 0;
}

/** npm tries for more than a minute again what a certificate fails. */
function refusal(line: string): string | undefined {
  const reason = line.match(/attempt \d+ failed with (.*)/)?.[1];
  return reason && isCertificateRefused(reason)
    ? `the registry's certificate is refused (${reason})`
    : undefined;
}

/** A line about a request that went well. */
function isRequest(line: string): boolean {
  return /\bhttp\S* (cache|fetch \S+ [123]\d\d) /.test(harmless(line));
}

/** Such as `npm error code EINTEGRITY`: the cause stands far above npm's last lines, or npm ends well all the same. */
function namesFault(line: string): boolean {
  return /\bcode:? '?E[A-Z0-9]{3,}\b|integrity checksum|corrupted|no space left/i.test(harmless(line));
}

/** npm's error codes for a package, or a version of one, that the registry does not have. */
function isUnknownToRegistry({ exitCode, output }: RunResult): boolean {
  return exitCode !== 0 && /\b(E404|ETARGET|ENOVERSIONS)\b/.test(output);
}

export interface NpmInstall {
  /** Of the package. */
  name: string;
  prefix: string;
  version: string | undefined;
  registryUrl: string;
  /** `npm --version`, or undefined if it did not answer. */
  npmVersion: string | undefined;
}

/** npm's arguments; `--allow-scripts` came with npm 11 and older ones would complain about it. */
export function npmArguments({ name, prefix, version, registryUrl, npmVersion }: NpmInstall): string[] {
  return [
    "install",
    "--global",
    `--prefix=${prefix}`,
    "--no-fund",
    "--no-audit",
    "--no-update-notifier",
    // Down to the failed requests, of which `refusal` needs the first.
    "--loglevel=http",
    ...(registryUrl ? [`--registry=${registryUrl}`] : []),
    ...(Number(npmVersion?.split(".")[0] ?? 0) >= 11 ? [`--allow-scripts=${PACKAGE}`] : []),
    `${name}@${version ?? "latest"}`,
  ];
}

/** npm beside the Node that runs this, on PATH, or of a version manager in the home; with node's folder on PATH. */
function findNpm({ env, paths }: RouteContext): { npm: string; env: NodeJS.ProcessEnv } {
  const candidates = [
    join(dirname(process.execPath), "npm"),
    findOnPath("npm", env),
    ...nodeFolders(env, paths.home).map((folder) => join(folder, "npm")),
  ];
  const npm = candidates.find((path): path is string => path !== undefined && isExecutable(path));
  if (npm) return { npm, env: npmEnvironment(npm, env) };
  throw new ModuleError(
    "install_via_npm is true, but there is no npm (beside the running Node, PATH, nvm, fnm, volta, asdf, mise).",
    "Add Node with npm to the workspace image, or set install_via_npm = false.",
  );
}

function npmEnvironment(npm: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // npm's own first line asks env for node, so node's folder must be on PATH.
  const PATH = `${dirname(npm)}:${env["PATH"] ?? ""}`;
  // Node follows SSL_CERT_FILE in no release, so npm would not find a private CA.
  const ca = env["NODE_EXTRA_CA_CERTS"] || env["SSL_CERT_FILE"];
  return { ...env, PATH, ...(ca ? { NODE_EXTRA_CA_CERTS: ca } : {}) };
}

async function versionOf(npm: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { exitCode, output } = await run(npm, ["--version"], { env, timeoutMs: 30_000 });
  return exitCode === 0 ? output.trim() : undefined;
}

function replaceLink(link: string, target: string): void {
  const temporary = `${target}.link`;
  symlinkSync(basename(target), temporary);
  renameSync(temporary, link);
}

function npmFailed(reason: string, output: string, env: NodeJS.ProcessEnv): ModuleError {
  const lines = harmless(output).trimEnd().split("\n");
  const last = lines
    .filter((line) => !isRequest(line))
    .slice(-5)
    .join("\n");
  return new ModuleError(
    `npm could not install Amp: ${reason}. Its last lines:\n${last}`,
    certificateFix(`${reason}\n${output}`, env) ??
      "Check amp_version, npm_registry_url, the network and the free space of the home volume.",
  );
}
