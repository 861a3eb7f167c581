import { parseArgs } from "node:util";

/** The person at the keyboard has to write it differently. */
export class UsageError extends Error {}

/** An option of a command, as `util.parseArgs` takes it, with what its help says. */
export interface Option {
  type: "string" | "boolean";
  short?: string;
  multiple?: boolean;
  default?: string;
  /** What stands for the value in the help, such as `<folder>`; in brackets, `[thread]`, where it may be left out. */
  value?: string;
  /** Tells a value from what comes next, for an option whose value may be left out. */
  isValue?: (text: string) => boolean;
  description: string;
}

type Options = Record<string, Option>;

type Values<O extends Options> = {
  [Name in keyof O]?: O[Name]["type"] extends "boolean"
    ? boolean
    : O[Name] extends { multiple: true }
      ? string[]
      : string;
};

/** One command of the program. */
export interface Command {
  /** One line for the list of commands. */
  summary: string;
  /** Not in the list of commands: one of the module's own scripts calls it. */
  isInternal?: boolean;
  help(): string;
  /** @throws UsageError where the arguments are not the command's */
  run(args: string[]): Promise<void>;
}

interface Definition<O extends Options> {
  name: string;
  summary: string;
  isInternal?: boolean;
  options?: O;
  /** The one argument that the command takes, none where left out. */
  argument?: { name: string; description: string };
  /** Below the options. */
  details?: string;
  action(values: Values<O>, argument: string | undefined): Promise<void>;
}

const HELP_OPTION = { type: "boolean", short: "h", description: "show this help" } as const;

/** Makes a command out of what it takes and what it does. */
export function defineCommand<const O extends Options>(definition: Definition<O>): Command {
  const { name, summary, isInternal = false, argument, details, action } = definition;
  const options: Options = { ...definition.options, help: HELP_OPTION };

  function help(): string {
    const usage = ["Usage: amp-module", name, "[options]", argument?.name].filter(Boolean).join(" ");
    const argumentLines = argument ? ["Argument:", row(argument.name, argument.description), ""] : [];
    const optionLines = Object.entries(options).map(([long, option]) => optionRow(long, option));
    return [
      usage,
      "",
      summary,
      "",
      ...argumentLines,
      "Options:",
      ...optionLines,
      ...(details ? ["", details] : []),
    ].join("\n");
  }

  async function run(args: string[]): Promise<void> {
    const { values, positionals } = parse(args, options);
    if (values["help"]) return console.log(help());
    const [first, surplus = argument ? undefined : first] = positionals;
    if (surplus !== undefined) throw new UsageError(`There are too many arguments: ${surplus}`);
    await action(values as Values<O>, first);
  }

  return { summary, isInternal, help, run };
}

/** A program: what it is for, and its commands by name. */
export interface Program {
  summary: string;
  commands: Readonly<Record<string, Command>>;
}

/**
 * Runs the command that the arguments name. Wrong usage is explained on stderr and gets the exit code 2.
 *
 * @param argv the arguments behind the program's name
 * @throws what the command throws
 */
export async function runProgram(program: Program, [name = "", ...args]: readonly string[]): Promise<void> {
  const isHelp = ["help", "--help", "-h"].includes(name);
  const command = new Map(Object.entries(program.commands)).get(isHelp ? (args[0] ?? "") : name);
  try {
    if (isHelp) console.log(command?.help() ?? describe(program));
    else if (command) await command.run(args);
    else throw new UsageError(name === "" ? "There is no command." : `There is no command "${name}".`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`error: ${error.message}\n\n${command?.help() ?? describe(program)}`);
    process.exitCode = 2;
  }
}

function describe({ summary, commands }: Program): string {
  const listed = Object.entries(commands).filter(([, { isInternal }]) => !isInternal);
  const rows = listed.map(([name, command]) => row(name, command.summary));
  const help = row("help [command]", "show the help of a command");
  return ["Usage: amp-module <command> [options]", "", summary, "", "Commands:", ...rows, help].join("\n");
}

function parse(args: string[], options: Options) {
  try {
    return parseArgs({ args: withOptionalValues(args, options), options, allowPositionals: true });
  } catch (error) {
    // Node, Bun and Deno say what is wrong in much the same words.
    throw error instanceof Error ? new UsageError(error.message, { cause: error }) : error;
  }
}

/** `--continue T-…` becomes `--continue=T-…`, and one without a value `--continue=`: parseArgs knows no optional value. */
function withOptionalValues(args: readonly string[], options: Options): string[] {
  const result: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? "";
    if (arg === "--") return [...result, ...args.slice(index)];
    const found = Object.entries(options).find(([long, { short, isValue }]) => {
      return isValue !== undefined && (arg === `--${long}` || arg === `-${short}`);
    });
    if (!found) {
      result.push(arg);
      continue;
    }
    const [long, { isValue }] = found;
    const next = args[index + 1];
    const hasValue = next !== undefined && isValue?.(next) === true;
    result.push(`--${long}=${hasValue ? next : ""}`);
    if (hasValue) index += 1;
  }
  return result;
}

function optionRow(long: string, { short, value, description, default: initial }: Option): string {
  const names = `${short ? `-${short}, ` : "    "}--${long}${value ? ` ${value}` : ""}`;
  return row(names, initial ? `${description} (default: ${initial})` : description);
}

function row(left: string, right: string): string {
  return `  ${left.padEnd(30)}  ${right}`;
}
