import { rmSync } from "node:fs";
import type { Context } from "../context.ts";
import { ModuleError, reasonOf } from "../errors.ts";
import { readTextIfExists, writeFileAtomic } from "../system/atomic-file.ts";
import type { Log } from "../system/log.ts";

/** Keeps `instruction_prompt` as a marked block in `~/.config/AGENTS.md`, which Amp reads for every thread. */
export function writeInstructions({ config, paths }: Context, log: Log): void {
  try {
    const present = readTextIfExists(paths.instructions) ?? "";
    const wanted = withBlock(present, config.app_slug, config.instruction_prompt);
    if (wanted === present) return;
    if (wanted === "") rmSync(paths.instructions, { force: true });
    else writeFileAtomic(paths.instructions, wanted, 0o644);
    log.info(
      `Instructions: ${config.instruction_prompt ? "wrote" : "removed"} the module's block in ${paths.instructions}.`,
    );
  } catch (cause) {
    throw new ModuleError(
      `instruction_prompt could not be written to ${paths.instructions}: ${reasonOf(cause)}.`,
      "Make the file and its folder writable for the workspace's user.",
      { cause },
    );
  }
}

/**
 * Puts `instructions` between the module's markers in `text`, at the end where there is no such block yet; empty
 * instructions remove it. Everything outside the markers stays byte for byte.
 *
 * @param slug tells two instances of the module on one agent apart
 */
export function withBlock(text: string, slug: string, instructions: string): string {
  const begin = `<!-- amp module ${slug}: begin (written at every workspace start, edit instruction_prompt instead) -->`;
  const end = `<!-- amp module ${slug}: end -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  const block = instructions.trim() === "" ? "" : `${begin}\n${instructions.trimEnd()}\n${end}\n`;
  if (from >= 0 && to >= 0) {
    const after = text.slice(to + end.length).replace(/^\n/, "");
    const before = text.slice(0, from);
    return block === "" ? before.replace(/\n$/, "") + after : before + block + after;
  }
  if (block === "") return text;
  return text === "" ? block : `${text}${text.endsWith("\n") ? "" : "\n"}\n${block}`;
}
