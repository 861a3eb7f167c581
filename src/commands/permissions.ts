import { type Command, InvalidArgumentError } from "commander";
import { type ListedRule, listPermissions, testPermission } from "../amp/permissions.ts";
import { harmless } from "../base/harmless.ts";
import type { Context } from "../context.ts";
import { painter } from "../operate/style.ts";
import { wrap } from "../operate/wrap.ts";
import { askAmp } from "./ask-amp.ts";
import { FrontCommand, groupCommand } from "./front.ts";

const COLOURS = { allow: "green", ask: "yellow", delegate: "cyan", reject: "red" } as const;
const CODES = { allow: 0, delegate: 0, ask: 1, reject: 2 } as const;

/** Of the rule that decided. */
const MOST_LINES = 3;

const EXAMPLES = `
Nothing is run but a "delegate" rule's program. Exit codes: 0 allow, 1 ask,
2 reject.

Examples:
  $ amp-module permissions test Bash cmd="npm install"
  $ amp-module permissions test edit_file path=~/.ssh/config`;

/** `amp-module permissions list` and `amp-module permissions test`. */
export function permissionsCommand(context: () => Context): Command {
  return groupCommand("permissions", "look at the rules for what Amp may do here", [
    listCommand(context),
    testCommand(context),
  ]);
}

function listCommand(context: () => Context): Command {
  return new FrontCommand("list", "list the rules of the settings, in the order in which they count")
    .option("--workspace", "those of the folder that Amp works in")
    .option("--builtin", "Amp's own, which stand behind yours if there is one of yours")
    .option("--json", "print them as JSON")
    .action(async ({ json, workspace, builtin }: { json?: true; workspace?: true; builtin?: true }) => {
      const known = context();
      const source = builtin ? "builtin" : workspace ? "workspace" : "user";
      const rules = await askAmp(known, (options) => listPermissions({ ...options, source }));
      if (json) return console.log(known.redact(harmless(JSON.stringify(rules, undefined, 2))));
      if (rules.length === 0) console.error("There are none.");
      for (const rule of rules) console.log(describe(rule, known));
    });
}

function testCommand(context: () => Context): Command {
  return new FrontCommand("test", "say what the rules say to one call of a tool")
    .argument("<tool>", "the tool's name, such as Bash")
    .argument("[input...]", "its arguments, name=value", pair)
    .option("--json", "print the verdict as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (tool: string, input: Record<string, string> | undefined, { json }: { json?: true }) => {
      const known = context();
      const verdict = await askAmp(known, (options) => testPermission(tool, input ?? {}, options));
      process.exitCode = CODES[verdict.action];
      if (json) return console.log(known.redact(harmless(JSON.stringify(verdict, undefined, 2))));
      const { matchedEntry: rule, source, error } = verdict;
      const paint = painter(process.stdout, process.env);
      const from = source ? ` (${harmless(source)})` : "";
      console.log(
        `${paint(COLOURS[verdict.action], verdict.action)}, ${rule ? `by a rule${from}:` : `no rule speaks of it${from}`}`,
      );
      if (rule) console.log(describe(rule, known, MOST_LINES));
      if (error) console.log(known.redact(harmless(error)));
    });
}

/** At most 80 columns wide: Amp's own rules are long. */
function describe(
  { action, tool, matches, to }: ListedRule,
  { redact }: Context,
  mostLines = Number.POSITIVE_INFINITY,
): string {
  const paint = painter(process.stdout, process.env);
  const conditions = Object.entries(matches ?? {}).map(([name, value]) => `${name}: ${inWords(value)}`);
  const rest = redact(harmless([tool, ...conditions, ...(to ? [`to ${to}`] : [])].join(" ")));
  const lines = wrap(rest, 70);
  const shown = lines.length > mostLines ? [...lines.slice(0, mostLines), "…"] : lines;
  return `${paint(COLOURS[action], action.padEnd(8))} ${shown.join(`\n${" ".repeat(9)}`)}`;
}

function inWords(value: unknown): string {
  if (Array.isArray(value)) return value.map(inWords).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

function pair(text: string, earlier: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Want name=value.");
  return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) };
}
