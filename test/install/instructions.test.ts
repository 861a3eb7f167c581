import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withBlock, writeInstructions } from "../../src/install/instructions.ts";
import { holds } from "../support/fuzz.ts";
import { installContext } from "./install-context.ts";

const BEGIN =
  "<!-- amp module amp: begin (written at every workspace start, edit instruction_prompt instead) -->";
const END = "<!-- amp module amp: end -->";
/** A text without a last line end gets one. */
const ended = (text: string) => (text === "" || text.endsWith("\n") ? text : `${text}\n`);

/** A person's text: any words, line ends and white space, but no marker. */
const users = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.constantFrom("\n", "\n\n", "\r\n", "$&", "<!-- ", " "),
    ),
  )
  .map((parts) => parts.join(""));
const prompt = fc
  .oneof(users, fc.constantFrom(`x${BEGIN}`, `${END}x`, `a ${END} b`, `${BEGIN}x\n${END}`))
  .filter((text) => text.trim() !== "");

describe("the block", () => {
  test("is put at the end, replaced in place, removed", () => {
    const first = withBlock("# Mine\n", "amp", "Do this.\n\n");
    expect(first).toBe(`# Mine\n\n${BEGIN}\nDo this.\n${END}\n`);
    const more = `${first}\nMore of mine\n`;
    expect(withBlock(more, "amp", "Do that.")).toBe(more.replace("Do this.", "Do that."));
    expect(withBlock(more, "amp", " \n")).toBe("# Mine\n\nMore of mine\n");
    expect(withBlock("", "amp", "x")).toBe(`${BEGIN}\nx\n${END}\n`);
    expect(withBlock("", "amp", "")).toBe("");
  });

  test("text around it stays byte for byte, for any text and any instructions", async () => {
    await holds(
      fc.property(users, users, prompt, prompt, (before, after, one, two) => {
        const first = withBlock(before, "amp", one);
        expect(first.startsWith(ended(before))).toBe(true);
        expect(withBlock(first, "amp", one)).toBe(first);
        expect(withBlock(first, "amp", "")).toBe(ended(before));

        const second = withBlock(first + after, "amp", two);
        expect(second.startsWith(ended(before))).toBe(true);
        expect(second.endsWith(after.replace(/^\n/, ""))).toBe(true);
        expect(withBlock(second, "amp", two)).toBe(second);
        // Nothing of the first instructions is left over.
        expect(withBlock(first + after, "amp", "")).toBe(withBlock(second, "amp", ""));
      }),
    );
  });

  test("instructions arrive as they are", () => {
    const odd = '  $& $1 `id` \\n "q" $HOME\n\n日本語';
    expect(withBlock("x\n", "amp", odd)).toContain(`${BEGIN}\n${odd}\n${END}`);
  });

  test("two instances have a block each", async () => {
    await holds(
      fc.property(users, prompt, prompt, fc.boolean(), (text, one, two, isFirstRemovedFirst) => {
        const both = withBlock(withBlock(text, "amp", one), "amp2", two);
        expect(withBlock(both, "amp", one)).toBe(both);
        const [a, b] = isFirstRemovedFirst ? ["amp", "amp2"] : ["amp2", "amp"];
        expect(withBlock(withBlock(both, a, ""), b, "")).toBe(ended(text));
      }),
    );
  });

  test.each([
    ["a begin without its end", `mine\n${BEGIN}\nold\nalso mine\n`],
    ["an end without its begin", `mine\n${END}\nalso mine\n`],
  ])("%s: no text of the user's is lost, start after start", (_name, text) => {
    const once = withBlock(text, "amp", "new");
    expect(once.startsWith(text)).toBe(true);
    expect(withBlock(once, "amp", "new")).toBe(once);
    expect(withBlock(once, "amp", "newer").startsWith(text)).toBe(true);
    expect(withBlock(once, "amp", "")).toBe(text);
  });
});

describe("AGENTS.md", () => {
  test("is written, left alone where nothing changed, and removed when it holds nothing else", () => {
    const { context, log, logged } = installContext({ instruction_prompt: "Do this — 日本語." });
    const file = context.paths.instructions;
    writeInstructions(context, log);
    const { ino } = statSync(file);
    expect(readFileSync(file, "utf8")).toContain("\nDo this — 日本語.\n");
    expect(statSync(file).mode & 0o777).toBe(0o644);
    writeInstructions(context, log);
    expect(statSync(file).ino).toBe(ino);
    expect(logged().match(/wrote/g)).toHaveLength(1);

    writeInstructions({ ...context, config: { ...context.config, instruction_prompt: "" } }, log);
    expect(existsSync(file)).toBe(false);
  });

  test("without instructions a missing file stays missing, and one with text stays as it is", () => {
    const { context, log } = installContext();
    writeInstructions(context, log);
    expect(existsSync(context.paths.instructions)).toBe(false);
    expect(context.echoed).toEqual([]);
  });

  test("bytes that are no UTF-8 come out as they went in", () => {
    const { context, log } = installContext({ instruction_prompt: "é" });
    const file = context.paths.instructions;
    const bytes = Buffer.from([0xff, 0xfe, 0x63, 0xe9, 0x0a]);
    mkdirSync(dirname(file));
    writeFileSync(file, bytes);
    writeInstructions(context, log);
    const written = readFileSync(file);
    expect(written.subarray(0, 5)).toEqual(bytes);
    expect(written.includes(Buffer.from("\né\n"))).toBe(true);
  });

  test("a link stays a link, also when the block was all there was", () => {
    const { context, log } = installContext({ instruction_prompt: "x" });
    const file = context.paths.instructions;
    mkdirSync(dirname(file));
    symlinkSync(join(context.paths.home, "dotfiles.md"), file);
    writeInstructions(context, log);
    writeInstructions({ ...context, config: { ...context.config, instruction_prompt: "" } }, log);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(readFileSync(file, "utf8")).toBe("");
  });

  test("where it cannot be written the error names the variable and the file", () => {
    const { context, log } = installContext({ instruction_prompt: "x" });
    mkdirSync(context.paths.instructions, { recursive: true });
    expect(() => writeInstructions(context, log)).toThrow(
      new RegExp(`^instruction_prompt could not be written to ${context.paths.instructions}: `),
    );
  });
});
