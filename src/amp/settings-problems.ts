import { type ParseError, parse } from "jsonc-parser";
import { isObject } from "../base/jsonc.ts";

/** The keys that Amp knows in a rule. It passes over others, so that the rule fits every call of its tool. */
const RULE_KEYS = ["tool", "action", "matches", "context", "to", "message"];

const ACTIONS = ["allow", "reject", "ask", "delegate"];

/** What is wrong with a rule that has a tool and an action, or undefined. */
export function ruleProblem(rule: Readonly<Record<string, unknown>>): string | undefined {
  const unknown = Object.keys(rule).find((key) => !RULE_KEYS.includes(key));
  if (unknown !== undefined) return `has the unknown key "${unknown}", so it fits every call of the tool`;
  if (rule["action"] === "delegate" && !rule["to"]) return `names no program in "to", so Amp leaves it out`;
  return undefined;
}

/**
 * What is wrong with the text of managed settings, or undefined. Where there is no plan to say it, as in an image's
 * build, it says what would keep a rule from holding.
 */
export function managedProblem(text: string): string | undefined {
  if (text === "") return undefined;
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0) return "it is not valid JSON";
  if (!isObject(value)) return "it is not a JSON object";
  const other = Object.keys(value).find((key) => !key.startsWith("amp."));
  if (other !== undefined) return `the key ${JSON.stringify(other)} does not begin with "amp."`;
  const rules = value["amp.permissions"] ?? [];
  if (!Array.isArray(rules)) return "amp.permissions is not a list of rules";
  return rules.map(problemAt).find((problem) => problem !== undefined);
}

function problemAt(rule: unknown, index: number): string | undefined {
  const name = `amp.permissions[${index}]`;
  if (!isObject(rule) || typeof rule["tool"] !== "string") return `${name} is not an object with a tool`;
  if (!ACTIONS.includes(String(rule["action"])))
    return `${name} has none of the actions ${ACTIONS.join(", ")}`;
  const problem = ruleProblem(rule);
  return problem === undefined ? undefined : `${name} ${problem}`;
}
