import type { Command } from "commander";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { collect, createFront, FrontCommand, LooseOption, runFront } from "../../src/commands/front.ts";

const seen = vi.fn();

function program(): Command {
  const greet = new FrontCommand("greet", "greet somebody")
    .argument("[name]", "whom")
    .option("-l, --loud", "with capitals")
    .option("--title <title>", "may be repeated", collect)
    .option("--times <number>", "how often", "1")
    .addOption(new LooseOption("-b, --back [id]", "answer", (text) => /^#/.test(text)))
    .addHelpText("after", "\nExample: greet Ada")
    .action((name: string | undefined, values: object) => seen({ ...values }, name));
  const quit = new FrontCommand("quit", "end").action(() => seen("quit"));
  return createFront("A program for tests.", [greet, quit]);
}

let output = "";
let errors = "";
beforeEach(() => {
  output = "";
  errors = "";
  seen.mockReset();
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    output += text;
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    errors += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

const defaults = { times: "1" };

test.each<[string[], Record<string, unknown>, string | undefined]>([
  [[], {}, undefined],
  [["Ada"], {}, "Ada"],
  [["-l", "Ada", "--times", "3"], { loud: true, times: "3" }, "Ada"],
  [["--title", "Dr", "--title=Prof", "Ada"], { title: ["Dr", "Prof"] }, "Ada"],
  [["--", "--loud"], {}, "--loud"],
  [["007"], {}, "007"],
  [["--times", "007"], { times: "007" }, undefined],
  [["--back", "#5", "Ada"], { back: "#5" }, "Ada"],
  [["Ada", "--back"], { back: "" }, "Ada"],
  [["--back", "Ada"], { back: "" }, "Ada"],
  [["-b", "--loud"], { back: "", loud: true }, undefined],
  [["--back=anything"], { back: "anything" }, undefined],
  [["--", "--back"], {}, "--back"],
])("%j", async (args, values, name) => {
  await runFront(program(), ["greet", ...args]);
  expect(seen.mock.calls).toEqual([[{ ...defaults, ...values }, name]]);
  expect(errors).toBe("");
});

test.each<[string[], RegExp]>([
  [[], /^error: there is no command\. See "amp-module --help"\.\n$/],
  [["nope"], /^error: unknown command 'nope'\. See "amp-module --help"\.\n$/],
  [["constructor"], /^error: unknown command 'constructor'\. See "amp-module --help"\.\n$/],
  [["gret"], /^error: unknown command 'gret'\. Did you mean greet\? See "amp-module --help"\.\n$/],
  [["greet", "--nope"], /^error: unknown option '--nope'\. See "amp-module greet --help"\.\n$/],
  [
    ["greet", "--lout"],
    /^error: unknown option '--lout'\. Did you mean --loud\? See "amp-module greet --help"\.\n$/,
  ],
  [["greet", "--times"], /^error: .*--times.*argument missing\. See "amp-module greet --help"\.\n$/],
  // The next option is no value: whoever forgot the value would not be told.
  [
    ["greet", "--times", "--loud"],
    /^error: .*--times.*argument missing\. See "amp-module greet --help"\.\n$/,
  ],
  [["greet", "--loud=yes"], /^error: unknown option '--loud=yes'\. See "amp-module greet --help"\.\n$/],
  [["greet", "Ada", "Bob"], /^error: there are too many arguments: Bob\. See "amp-module greet --help"\.\n$/],
  [["quit", "now"], /^error: there are too many arguments: now\. See "amp-module quit --help"\.\n$/],
  [
    ["help", "greet", "quit"],
    /^error: there are too many arguments: quit\. See "amp-module help --help"\.\n$/,
  ],
])("%j is wrong usage: one line on stderr, exit code 2, nothing is done", async (args, message) => {
  await runFront(program(), args);
  expect(errors).toMatch(message);
  expect({ output, code: process.exitCode }).toEqual({ output: "", code: 2 });
  expect(seen).not.toHaveBeenCalled();
});

test.each([["help"], ["--help"], ["-h"], ["help", "nope"]])("%s shows all commands", async (...args) => {
  await runFront(program(), args);
  expect(output).toMatch(/^Usage: amp-module <command> \[options\]\n\nA program for tests\.\n/);
  expect(output).toMatch(
    /\nCommands:\n {2}greet \[options\] \[name\] +greet somebody\n {2}quit +end\n {2}help /,
  );
  expect(errors).toBe("");
  expect(process.exitCode).toBeUndefined();
});

test.each([
  [["help", "greet"]],
  [["greet", "--help"]],
  [["greet", "Ada", "-h"]],
])("%j shows the command's own help", async (args) => {
  await runFront(program(), args);
  expect(output).toBe(`Usage: amp-module greet [options] [name]

greet somebody

Arguments:
  name              whom

Options:
  -l, --loud        with capitals
  --title <title>   may be repeated
  --times <number>  how often (default: "1")
  -b, --back [id]   answer
  -h, --help        show this help

Example: greet Ada
`);
  expect(seen).not.toHaveBeenCalled();
});

test("--version is the program's, and no command's", async () => {
  await runFront(program(), ["--version"]);
  expect({ output, errors }).toEqual({ output: "from its sources\n", errors: "" });
  await runFront(program(), ["greet", "--version"]);
  expect(errors).toContain("unknown option '--version'");
});

test("what a command throws is not usage", async () => {
  seen.mockImplementation(() => {
    throw new Error("broken");
  });
  await expect(runFront(program(), ["quit"])).rejects.toThrow("broken");
  expect(process.exitCode).toBeUndefined();
});
