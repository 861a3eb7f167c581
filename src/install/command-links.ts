import { existsSync, lstatSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { readIfExists, temporaryBeside, writeFileAtomic } from "../base/atomic-file.ts";
import { reasonOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { inQuotes } from "../base/shell.ts";
import type { Context } from "../context.ts";

/** What people type in a terminal, with the program behind it. */
export type Commands = Record<"amp" | "agentapi", string | undefined>;

/** Read by login or interactive shells; only those that exist are touched. */
const PROFILES = [
  ".profile",
  ".bash_profile",
  ".bashrc",
  ".zprofile",
  ".zshrc",
  join(".config", "fish", "config.fish"),
];

/** The profile files that a home can have, whether or not they exist. */
export function profilesIn(home: string): string[] {
  return PROFILES.map((name) => join(home, name));
}

/**
 * Makes `amp`, `agentapi` and `amp-module` found in new shells: links in the module's `bin`, one marked line in the
 * profile files that exist, and links in `~/.local/bin` if that is on PATH. A failure is a warning: the agent does
 * not need any of it.
 */
export function linkCommands({ config, paths, env }: Context, commands: Commands, log: Log): void {
  try {
    const all = Object.entries({ ...commands, "amp-module": paths.launcher }).flatMap(
      ([name, program]): [string, string][] => (program === undefined ? [] : [[name, program]]),
    );
    for (const [name, program] of all) replaceLink(join(paths.bin, name), program);
    for (const profile of profilesIn(paths.home)) addPathLine(profile, paths.bin, config.app_slug, log);
    const localBin = join(paths.home, ".local", "bin");
    if ((env["PATH"] ?? "").split(delimiter).includes(localBin) && existsSync(localBin)) {
      for (const [name, program] of all) linkIfFree(join(localBin, name), program, paths.moduleDir);
    }
  } catch (error) {
    log.warn(`The commands could not be made known to new shells: ${reasonOf(error)}.`);
  }
}

/** A program that is itself in this place stays. */
function replaceLink(link: string, program: string): void {
  if (link === program || linkTarget(link) === program) return;
  if (lstatSync(link, { throwIfNoEntry: false })?.isFile()) return;
  const temporary = temporaryBeside(link);
  try {
    symlinkSync(program, temporary);
    renameSync(temporary, link);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Never takes the place of something that the module did not put there. */
function linkIfFree(link: string, program: string, moduleDir: string): void {
  const present = linkTarget(link);
  const isOurs = present?.startsWith(`${moduleDir}/`) ?? !existsSync(link);
  if (isOurs && link !== program) replaceLink(link, program);
}

/** One that cannot be read or written is no reason to leave out the others. */
function addPathLine(profile: string, bin: string, slug: string, log: Log): void {
  try {
    // One character for each byte: a profile need not be UTF-8, and what is not ours must stay as it is.
    const text = readIfExists(profile)?.toString("latin1");
    if (text === undefined) return;
    const shell = basename(profile) === "config.fish" ? "fish" : "posix";
    const wanted = withPathLine(text, shell, Buffer.from(bin).toString("latin1"), slug);
    if (wanted !== text) writeFileAtomic(profile, Buffer.from(wanted, "latin1"), 0o644);
  } catch (error) {
    log.warn(`The commands could not be made known to the shells that read ${profile}: ${reasonOf(error)}.`);
  }
}

/**
 * Adds the line that puts `bin` on PATH, or replaces the one that is there; everything else stays byte for byte.
 *
 * @param slug tells two instances of the module apart
 */
export function withPathLine(text: string, shell: "posix" | "fish", bin: string, slug: string): string {
  const mark = `# amp module ${slug}`;
  const quoted = inQuotes(bin, shell);
  const line =
    shell === "fish"
      ? `fish_add_path --append ${quoted} ${mark}`
      : // A shell in a shell, or .profile and .bashrc one after the other, must not make PATH grow.
        `case ":$PATH:" in *:${quoted}:*) ;; *) export PATH="$PATH":${quoted} ;; esac ${mark}`;
  const lines = text.split("\n");
  const present = lines.findIndex((other) => other.endsWith(` ${mark}`));
  if (present >= 0) return lines.with(present, line).join("\n");
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${line}\n`;
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
