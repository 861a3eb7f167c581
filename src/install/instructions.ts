import { lstatSync, rmSync } from "node:fs";
import { readIfExists, writeFileAtomic } from "../base/atomic-file.ts";
import { ModuleError, reasonOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Context } from "../context.ts";

/** Keeps `instruction_prompt` as a marked block in `~/.config/AGENTS.md`, which Amp reads for every thread. */
export function writeInstructions({ config, paths }: Context, log: Log): void {
  try {
    // One character for each byte: whatever encoding the user's part has, it comes out as it went in.
    const present = readIfExists(paths.instructions)?.toString("latin1") ?? "";
    const instructions = Buffer.from(config.instruction_prompt).toString("latin1");
    const wanted = withBlock(present, config.app_slug, instructions);
    if (wanted === present) return;
    if (wanted === "" && lstatSync(paths.instructions).isFile()) rmSync(paths.instructions);
    else writeFileAtomic(paths.instructions, Buffer.from(wanted, "latin1"), 0o644);
    log.info(
      `Instructions: ${config.instruction_prompt ? "wrote" : "removed"} the module's block in ${paths.instructions}.`,
    );
  } catch (cause) {
    throw new ModuleError(
      `instruction_prompt could not be written to ${paths.instructions}: ${reasonOf(cause)}.`,
      "Make it a regular file that the workspace's user may write, in a folder that is writable too.",
      { cause },
    );
  }
}

/**
 * Puts `instructions` between the module's markers in `text`, at the end if there is no such block yet; empty
 * instructions remove it. Everything outside the markers stays byte for byte; a text without a last line end gets one.
 * A marker without its counterpart belongs to no block and stays too.
 *
 * @param slug tells two instances of the module on one agent apart
 */
export function withBlock(text: string, slug: string, instructions: string): string {
  const begin = `<!-- amp module ${slug}: begin (written at every workspace start, edit instruction_prompt instead) -->`;
  const end = `<!-- amp module ${slug}: end -->`;
  // Instructions that quote a marker must not end their own block, nor begin another instance's.
  const inner = instructions.trimEnd().replace(/<!-- amp module [\w-]+: (begin|end)\b[^>]*-->/g, "");
  const block = inner.trim() === "" ? "" : `${begin}\n${inner}\n${end}\n`;
  const to = text.indexOf(end, Math.max(text.indexOf(begin), 0));
  const from = to < 0 ? -1 : text.lastIndexOf(begin, to);
  if (from >= 0) {
    const after = text.slice(to + end.length).replace(/^\n/, "");
    const before = text.slice(0, from);
    // The blank line in front came with the block.
    return block === "" ? before.replace(/(^|\n)\n$/, "$1") + after : before + block + after;
  }
  if (block === "") return text;
  return text === "" ? block : `${text}${text.endsWith("\n") ? "" : "\n"}\n${block}`;
}
