import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { defineCommand, runProgram } from "../src/command-line.ts";

const seen = vi.fn();
const greet = defineCommand({
  name: "greet",
  summary: "greet somebody",
  options: {
    loud: { type: "boolean", short: "l", description: "with capitals" },
    title: { type: "string", multiple: true, value: "<title>", description: "may be repeated" },
    times: { type: "string", default: "1", value: "<number>", description: "how often" },
    back: {
      type: "string",
      short: "b",
      value: "[id]",
      isValue: (text) => /^#/.test(text),
      description: "answer",
    },
  },
  argument: { name: "[name]", description: "whom" },
  details: "Example: greet Ada",
  action: async (values, name) => seen({ ...values }, name),
});
const quit = defineCommand({ name: "quit", summary: "end", action: async () => seen("quit") });
const program = { summary: "A program for tests.", commands: { greet, quit } };

let output = "";
let errors = "";
beforeEach(() => {
  output = "";
  errors = "";
  seen.mockReset();
  vi.spyOn(console, "log").mockImplementation((text) => {
    output += `${text}\n`;
  });
  vi.spyOn(console, "error").mockImplementation((text) => {
    errors += `${text}\n`;
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
  await runProgram(program, ["greet", ...args]);
  expect(seen.mock.calls).toEqual([[{ ...defaults, ...values }, name]]);
  expect(errors).toBe("");
});

test.each<[string[], RegExp]>([
  [[], /^error: There is no command\.\n\nUsage: amp-module <command>/],
  [["nope"], /^error: There is no command "nope"\.\n\nUsage: amp-module <command>/],
  [["constructor"], /^error: There is no command "constructor"\./],
  [["greet", "--nope"], /^error: .*--nope.*\n\nUsage: amp-module greet \[options\] \[name\]\n/],
  [["greet", "--times"], /^error: .*--times.*argument missing/],
  [["greet", "--loud=yes"], /^error: .*--loud.* does not take an argument/],
  [["greet", "Ada", "Bob"], /^error: There are too many arguments: Bob\n/],
  [["quit", "now"], /^error: There are too many arguments: now\n\nUsage: amp-module quit \[options\]\n/],
])("%j is wrong usage: explained on stderr, exit code 2, nothing is done", async (args, message) => {
  await runProgram(program, args);
  expect(errors).toMatch(message);
  expect({ output, code: process.exitCode }).toEqual({ output: "", code: 2 });
  expect(seen).not.toHaveBeenCalled();
});

test.each([["help"], ["--help"], ["-h"], ["help", "nope"]])("%s shows all commands", async (...args) => {
  await runProgram(program, args);
  expect(output).toMatch(/A program for tests\.\n\nCommands:\n {2}greet +greet somebody\n {2}quit +end\n/);
  expect(process.exitCode).toBeUndefined();
});

test.each([
  [["help", "greet"]],
  [["greet", "--help"]],
  [["greet", "Ada", "-h"]],
])("%j shows the command's own help", async (args) => {
  await runProgram(program, args);
  expect(output).toBe(`Usage: amp-module greet [options] [name]

greet somebody

Argument:
  [name]                          whom

Options:
  -l, --loud                      with capitals
      --title <title>             may be repeated
      --times <number>            how often (default: 1)
  -b, --back [id]                 answer
  -h, --help                      show this help

Example: greet Ada
`);
  expect(seen).not.toHaveBeenCalled();
});

test("what a command throws is not usage", async () => {
  seen.mockImplementation(() => {
    throw new Error("broken");
  });
  await expect(runProgram(program, ["quit"])).rejects.toThrow("broken");
  expect(process.exitCode).toBeUndefined();
});
