import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Argument, type Command } from "commander";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bashCompletion, fishCompletion, zshCompletion } from "../../src/commands/completion-scripts.ts";
import { createFront, FrontCommand, groupCommand } from "../../src/commands/front.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "amp-module-completion-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(): Command {
  return createFront("A program.", [
    new FrontCommand("logs", "show what's there")
      .addArgument(new Argument("[log]").choices(["install", "start"]))
      .option("-f, --follow", "go on"),
    groupCommand("mcp", "look at servers", [
      new FrontCommand("list", "list them").option("--json", "as JSON"),
      new FrontCommand("doctor", "check them"),
    ]),
  ]);
}

/** What the real bash offers for the last word. */
function offered(...words: string[]): string[] {
  const file = join(folder, "completion.bash");
  writeFileSync(
    file,
    `${bashCompletion(program())}
COMP_WORDS=(amp-module "$@")
COMP_CWORD=$#
$(complete -p amp-module | sed 's/.*-F \\([^ ]*\\).*/\\1/')
printf '%s\\n' "\${COMPREPLY[@]}"
`,
  );
  const output = execFileSync("bash", [file, ...words], { encoding: "utf8" });
  return output.split("\n").filter((line) => line !== "");
}

test.each<[string[], string[]]>([
  [[""], ["logs", "mcp", "help", "--version", "--help"]],
  [["l"], ["logs"]],
  [
    ["mcp", ""],
    ["list", "doctor", "--help"],
  ],
  [
    ["mcp", "list", "--"],
    ["--json", "--help"],
  ],
  [
    ["logs", ""],
    ["install", "start", "--follow", "--help"],
  ],
  [["logs", "-f", "st"], ["start"]],
  [["nope", "zz"], []],
])("bash after %j offers %j", (words, expected) => expect(offered(...words)).toEqual(expected));

test.each([
  ["zsh", zshCompletion, "'mcp list:", "#compdef amp-module"],
  ["fish", fishCompletion, "-l follow", "complete -c amp-module"],
])("%s gets every command, option and choice, its quotes escaped", (name, script, entry, start) => {
  const text = script(program());
  for (const word of ["logs", "install", "follow", "mcp list", "doctor", "json", start])
    expect(text).toContain(word);
  expect(text).toContain(name === "fish" ? "what\\'s" : "what'\\''s");
  expect(text.includes(entry) || name === "zsh").toBe(true);
});
