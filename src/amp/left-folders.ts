import { lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  commandLineOf,
  identifyProcess,
  isRunning,
  livePids,
  type ProcessIdentity,
} from "../base/process-identity.ts";
import { ownerOf, READER } from "./private-files.ts";

const NAME = /^amp-((\d+)-[0-9a-f]{12})-\w{6}$/;
/** Each signal with the time that it is given. */
const SIGNALS = [
  ["SIGTERM", 500],
  // The real Amp only leaves its screen at the first one.
  ["SIGTERM", 1_500],
  ["SIGKILL", 1_000],
] as const;

/**
 * Removes the private folders of processes that were killed, for their files hold secrets. An Amp process that still reads them
 * is ended first: without its settings it would work without their permission rules.
 *
 * @returns what there is to tell about that, a sentence each
 */
export async function removeLeftFolders(): Promise<string[]> {
  const told: string[] = [];
  for (const path of leftFolders()) {
    const reader = notedIn(path) ?? startedWith(path);
    if (reader) told.push(await end(reader));
    rmSync(path, { recursive: true, force: true });
  }
  return told;
}

function leftFolders(): string[] {
  const uid = process.getuid?.();
  return readdirSync(tmpdir()).flatMap((name) => {
    const [, owner, pid] = name.match(NAME) ?? [];
    if (owner === undefined || ownerOf(Number(pid)) === owner) return [];
    const path = join(tmpdir(), name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    return found?.isDirectory() && found.uid === (uid ?? found.uid) ? [path] : [];
  });
}

/** Undefined unless it still runs. */
function notedIn(folder: string): ProcessIdentity | undefined {
  try {
    const reader = JSON.parse(readFileSync(join(folder, READER), "utf8")) as ProcessIdentity | null;
    return reader && isRunning(reader) ? reader : undefined;
  } catch {
    return undefined;
  }
}

/** The Amp process of a run that was killed before it could note it: its arguments name the folder. */
function startedWith(folder: string): ProcessIdentity | undefined {
  const pid = livePids().find((each) => commandLineOf(each)?.includes(`${folder}/`));
  return pid === undefined ? undefined : identifyProcess(pid);
}

async function end(amp: ProcessIdentity): Promise<string> {
  const what = `An Amp process (pid ${amp.pid}) whose run was killed still worked`;
  for (const [signal, ms] of SIGNALS) {
    killGroup(amp.pid, signal);
    const deadline = performance.now() + ms;
    while (performance.now() < deadline && isRunning(amp)) await sleep(20);
    if (isRunning(amp)) continue;
    return signal === "SIGKILL"
      ? `${what}; it did not end at two SIGTERMs and was killed.`
      : `${what}; it was ended.`;
  }
  return `${what}, and could not be ended.`;
}

/** Amp leads a group of its own, so that what it started ends with it. */
function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}
