import * as z from "zod/mini";
import { callAmpJson } from "./call.ts";
import type { AmpOptions } from "./options.ts";

const action = z.enum(["allow", "reject", "ask", "delegate"]);
const rule = z.looseObject({
  tool: z.string(),
  action,
  matches: z.optional(z.record(z.string(), z.unknown())),
  to: z.optional(z.string()),
});
const verdict = z.looseObject({
  tool: z.string(),
  arguments: z.record(z.string(), z.unknown()),
  /** What happens to the call; a `delegate` rule's program was asked. */
  action,
  matchedEntry: z.optional(z.nullable(rule)),
  /** `user`, `built-in`, … */
  source: z.optional(z.string()),
  /** Why it is rejected: the rule's message, or what the program wrote to stderr. */
  error: z.optional(z.string()),
});

export type ListedRule = z.infer<typeof rule>;
export type PermissionVerdict = z.infer<typeof verdict>;

/** The user's rules, the workspace's, or Amp's own. Needs no network. @throws AmpError */
export function listPermissions(
  options: AmpOptions & { source?: "user" | "workspace" | "builtin" } = {},
): Promise<ListedRule[]> {
  const source = { user: [], workspace: ["--workspace"], builtin: ["--builtin"] }[options.source ?? "user"];
  return callAmpJson(["permissions", "list", "--json", ...source], z.array(rule), options);
}

/**
 * What the rules say to one tool call, without running the tool (a `delegate` rule's program does run). Needs no
 * network.
 *
 * @param input the tool's arguments; values that are no text are passed as JSON
 * @throws AmpError
 */
export function testPermission(
  tool: string,
  input: Readonly<Record<string, unknown>> = {},
  options: AmpOptions & { context?: "thread" | "subagent" } = {},
): Promise<PermissionVerdict> {
  const given = Object.entries(input).flatMap(([name, value]) => [
    `--${name}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const context = options.context ? ["--context", options.context] : [];
  // Exit 1 is "ask" and 2 is "reject": answers, not failures.
  return callAmpJson(
    ["permissions", "test", "--json", ...context, tool, ...given],
    verdict,
    options,
    [0, 1, 2],
  );
}
