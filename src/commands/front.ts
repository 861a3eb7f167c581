import { Command, CommanderError, Option } from "commander";
import { MODULE_VERSION } from "../base/module-version.ts";

/** The exit code for wrong usage. */
const USAGE = 2;

/** An option whose value may be left out: what `isValue` does not know is the command's argument. */
export class LooseOption extends Option {
  readonly isValue: (text: string) => boolean;

  constructor(flags: string, description: string, isValue: (text: string) => boolean) {
    super(flags, description);
    this.isValue = isValue;
  }
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}

/** One command of `amp-module`. Wrong usage is one line on stderr that names the help to read. */
export class FrontCommand extends Command {
  constructor(name: string, summary: string) {
    super(name);
    this.summary(summary)
      .description(summary)
      .helpOption("-h, --help", "show this help")
      .exitOverride()
      .allowExcessArguments()
      .hook("preAction", (_, command) => {
        const known = command.registeredArguments;
        const surplus = known.at(-1)?.variadic ? undefined : command.args[known.length];
        // Commander itself would only count them.
        if (surplus !== undefined) command.error(`error: there are too many arguments: ${surplus}`);
      })
      .configureOutput({
        outputError: (text, write) => write(`${sentence(text)} See "${this.#path()} --help".\n`),
      });
  }

  /** Commander takes the next word for a value, whatever it is. */
  override parseOptions(args: string[]) {
    const result: string[] = [];
    for (let index = 0; index < args.length; index++) {
      const [arg = "", next] = args.slice(index);
      if (arg === "--") return super.parseOptions([...result, ...args.slice(index)]);
      const option = this.options.find(({ short, long }) => arg === short || arg === long);
      if (option instanceof LooseOption) {
        const hasValue = next !== undefined && option.isValue(next);
        result.push(`${option.long}=${hasValue ? next : ""}`);
        if (hasValue) index += 1;
      } else if (option?.required && next !== undefined) {
        if (/^-./.test(next)) this.error(`error: option '${option.flags}' argument missing`);
        result.push(arg, next);
        index += 1;
      } else {
        result.push(arg);
      }
    }
    return super.parseOptions(result);
  }

  #path(): string {
    const names = [this.name()];
    for (let above = this.parent; above; above = above.parent) names.unshift(above.name());
    return names.join(" ");
  }
}

/** A command that only holds others, such as `mcp list` and `mcp doctor`. */
export function groupCommand(name: string, summary: string, commands: readonly Command[]): Command {
  const group: Command = new FrontCommand(name, summary)
    .helpCommand(false)
    .usage("<command> [options]")
    .argument("[command]")
    .action((given?: string) =>
      group.error(given === undefined ? "error: there is no command" : `error: unknown command '${given}'`),
    );
  for (const command of commands) group.addCommand(command);
  return group;
}

/** The program `amp-module` with its commands, in the order of the help. */
export function createFront(summary: string, commands: readonly Command[]): Command {
  const front = new FrontCommand("amp-module", summary)
    .version(MODULE_VERSION, "--version", "show the version")
    .helpCommand(false)
    .enablePositionalOptions();
  for (const command of commands) front.addCommand(command);
  const help = new FrontCommand("help", "show the help of a command")
    .argument("[command]")
    .action((name?: string) => (commands.find((command) => command.name() === name) ?? front).outputHelp());
  return front.usage("<command> [options]").addCommand(help);
}

/**
 * Runs the command that the arguments name. Wrong usage gets the exit code 2.
 *
 * @param argv the arguments behind the program's name
 * @throws what the command throws
 */
export async function runFront(front: Command, argv: readonly string[]): Promise<void> {
  try {
    if (argv.length === 0) front.error("error: there is no command");
    await front.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) process.exitCode = USAGE;
  }
}

/** Commander's own words, a suggestion on a line of its own among them, as one line. */
function sentence(text: string): string {
  return text
    .trim()
    .replace(/\s*\n\((.*)\)$/, ". $1")
    .replace(/\s*\n\s*/g, " ")
    .replace(/(?<![.?!])$/, ".");
}
