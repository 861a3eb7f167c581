import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findRealAmp } from "./amp.ts";

const fixture = (path: string) => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));

/** What AMP_STANDIN holds as JSON: how the stand-in Amp behaves. Everything is optional. */
export interface AmpStandInOptions {
  /**
   * `box` (default) is the screen that AgentAPI 0.12 recognises; `no-box` is one that it does not; `late-box` has one
   * only after the first answer.
   */
  screen?: "box" | "no-box" | "late-box";
  /**
   * The welcome tour in front of everything: `real` (default) in a home whose session.json does not say that it has been
   * dismissed, `forced` always.
   */
  tour?: "none" | "real" | "forced";
  /** A page that is no input box, in front of the conversation. It never goes, or at a key. */
  page?: string | { text: string; goesAt: string };
  /** Whose flags `--help` lists: today's (default) or those of an older release. */
  help?: "today" | "older";
  /** What `--version` prints, before its date. */
  version?: string;
  /** Until anything is written. */
  bootMs?: number;
  /** How long nothing stands on its screen then: 2300 before a tour or a page, as in the real one, else 0. */
  blankMs?: number;
  /** Until a thread is connected: the footer says so meanwhile, and no prompt is answered. 0 unless given. */
  connectingMs?: number;
  /** Between a prompt and its answer; 300 unless given. */
  thinkMs?: number;
  /** Ends by itself so long after its first screen. */
  exitAfterMs?: number;
  /** With `exitAfterMs`; 1 unless given. */
  exitCode?: number;
  /** Cannot reach its server, or is cut off by it: says so and exits 1, as the real Amp does. */
  offline?: boolean | "breaks-off";
  /** Its server does not accept the key: says so and exits 1. */
  refuseKey?: boolean;
  /** Behaves as if AMP_API_KEY were not set: asks for a login and waits for ever. */
  login?: boolean;
  /** The thread (`T-…`) that its server does not know; `threads continue` on it says so and ends with 1. */
  refuseThread?: string;
  /** The thread that is known and cannot be loaded: Amp says so in a box at the top, and begins a new one with the first prompt. */
  failsToLoad?: string;
  /** Lives on when its terminal is taken away; SIGTERM still ends it. */
  outlivesTerminal?: boolean;
  /** Answer in place of "Echo: <first line>". */
  answer?: string;
}

/**
 * Writes the stand-in Amp as an executable.
 *
 * It needs no node on PATH. Called with BUN_BE_BUN=1 it is the real Amp where that can be had, because only that
 * has a Bun inside.
 */
export async function writeAmpStandIn(target: string): Promise<void> {
  const real = await findRealAmp();
  const bun = real ? `exec ${quote(real.path)} "$@"` : 'echo "no Bun in here" >&2; exit 1';
  await writeExecutable(
    target,
    `#!/bin/sh
if [ "\${BUN_BE_BUN:-}" = 1 ]; then ${bun}; fi
exec ${quote(process.execPath)} ${quote(fixture("amp-stand-in/amp.mjs"))} "$@"
`,
  );
}

/** Writes a `coder` that appends the arguments of each call to `record` as a JSON line. */
export async function writeCoderStandIn(target: string, record: string): Promise<void> {
  const script = fixture("coder-stand-in/coder.mjs");
  await writeExecutable(
    target,
    `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(script)} ${quote(record)} "$@"\n`,
  );
}

/** Writes an executable that runs a JavaScript file on this process's Node. */
export async function writeNodeProgram(target: string, script: string): Promise<void> {
  await writeExecutable(target, `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(script)} "$@"\n`);
}

/**
 * Places the real AgentAPI.
 *
 * @param fullScreen false for a terminal of fewer rows than the module asks for: AgentAPI draws and compares all of them
 *   forty times a second, and Amp draws them, too
 */
export async function placeAgentApi(target: string, path: string, fullScreen: boolean): Promise<void> {
  if (fullScreen) return symlink(path, target);
  await writeExecutable(
    target,
    `#!/bin/sh
last=
for word; do
  shift
  [ "$last" != --term-height ] || word=200
  set -- "$@" "$word"
  last=$word
done
exec ${quote(path)} "$@"
`,
  );
}

/** Places an Amp as its official installer does: `~/.amp/bin/amp`, linked from `~/.local/bin/amp`. */
export async function placeAmp(home: string, kind: "stand-in" | { link: string }): Promise<void> {
  const target = join(home, ".amp/bin/amp");
  await mkdir(dirname(target), { recursive: true });
  if (kind === "stand-in") await writeAmpStandIn(target);
  else await symlink(kind.link, target);
  await mkdir(join(home, ".local/bin"), { recursive: true });
  await symlink(target, join(home, ".local/bin/amp"));
}

async function writeExecutable(target: string, content: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
  await chmod(target, 0o755);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
