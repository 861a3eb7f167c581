import { type AmpEvent, isBlock } from "../amp/events.ts";
import type { ExecuteOptions, PermissionRule } from "../amp/options.ts";
import { environment, resolveAmp } from "../amp/resolve.ts";
import { readSettings, settingsPath, strongerSettings } from "../amp/settings.ts";
import { describeTool } from "../amp/tools.ts";
import { builtinRules, permissionsOf, unattendedRules } from "../amp/unattended-rules.ts";
import { onOneLine } from "../base/harmless.ts";

/** What the model is told; it also marks such a result in the stream. */
const NOBODY =
  "A permission rule wants a person's consent for this call, and nobody can be asked in this run.";
/** Amp's own words for a call that it refuses because it would have to ask. */
const AMP_REFUSED = "Tool execution rejected by user: Matches ";

/**
 * The options for a run in which nobody can be asked: what a rule would ask for is refused with a reason, and what no
 * rule speaks of runs, as in the terminal. Rules of the options alone, such as `--reject`, do not switch Amp's own
 * rules on, and hold also if the settings allow everything.
 *
 * @throws AmpError
 */
export async function withoutConsent(options: ExecuteOptions): Promise<ExecuteOptions> {
  const user = {
    ...readSettings(settingsPath(environment(options), options.settingsFile)),
    ...options.settings,
  };
  const { rules, isOn } = permissionsOf(user, ...strongerSettings(options.cwd ?? process.cwd()));
  if (isOn && !options.dangerouslyAllowAll) {
    const amp = await resolveAmp(options);
    const all = unattendedRules(rules, await builtinRules(amp), refuseAsk);
    return { ...options, amp, settings: { ...options.settings, "amp.permissions": all } };
  }
  if (!options.permissions?.length) return options;
  const allowed = { "amp.permissions": [{ tool: "*", action: "allow" }], "amp.dangerouslyAllowAll": false };
  return { ...options, settings: { ...options.settings, ...allowed } };
}

function refuseAsk(rule: PermissionRule): PermissionRule {
  return rule.action === "ask" ? { ...rule, action: "reject", message: NOBODY } : rule;
}

/** Says on stderr which tool calls were refused because nobody could be asked. */
export class Refusals {
  readonly #say: (line: string) => void;
  readonly #calls = new Map<string, string>();

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  note(event: AmpEvent): void {
    if (event.type !== "assistant" && event.type !== "user") return;
    const { content } = event.message;
    if (typeof content === "string") return;
    for (const block of content) {
      if (isBlock(block, "tool_use")) {
        this.#calls.set(block.id, `${block.name} (${describeTool(block.name, block.input).title})`);
      } else if (isBlock(block, "tool_result")) {
        const call = this.#calls.get(block.tool_use_id) ?? "A tool";
        this.#calls.delete(block.tool_use_id);
        const said = JSON.stringify(block.content ?? "");
        if (block.is_error !== true || !(said.includes(NOBODY) || said.includes(AMP_REFUSED))) continue;
        this.#say(
          `warning: ${onOneLine(call)} was refused: a permission rule asks for consent, and nobody can be asked here. ` +
            "Allow it with --allow, or by a rule in amp.permissions.",
        );
      }
    }
  }
}
