import type { ExecuteOptions, PermissionRule } from "../amp/options.ts";
import type { AmpProbe } from "../amp/probe.ts";
import { readSettings, settingsPath, strongerSettings } from "../amp/settings.ts";
import { builtinRules, permissionsOf, unattendedRules } from "../amp/unattended-rules.ts";
import { type Decide, delegateTo, PermissionBroker } from "./broker.ts";

export interface AskRulesOptions {
  cwd: string;
  amp: AmpProbe;
  execution: Pick<ExecuteOptions, "settingsFile">;
  /** Command that runs the helper for delegated rules; the socket's path is added. */
  helper: readonly string[];
  log: (line: string) => void;
}

/** The permission rules for an Amp process that can ask nobody: those that ask do it through this agent. */
export class AskRules {
  readonly #options: AskRulesOptions;
  readonly #decide: Decide;
  #broker: PermissionBroker | undefined;
  #builtin: ReturnType<typeof builtinRules> | undefined;

  constructor(options: AskRulesOptions, decide: Decide) {
    this.#options = options;
    this.#decide = decide;
  }

  /** As the settings are now, or undefined if Amp asks for nothing. */
  async current(): Promise<PermissionRule[] | undefined> {
    const { amp, execution, cwd, helper, log } = this.#options;
    const settings = readSettings(settingsPath(process.env, execution.settingsFile));
    const { rules, isOn } = permissionsOf(settings, ...strongerSettings(cwd));
    if (!isOn) return undefined;
    this.#broker ??= await PermissionBroker.open(helper, this.#decide);
    this.#builtin ??= builtinRules(amp);
    const builtin = await this.#builtin;
    if (!builtin) log("Amp does not tell its own permission rules: tools that no rule speaks of are refused");
    return unattendedRules(rules, builtin, delegateTo(this.#broker));
  }

  close(): void {
    this.#broker?.close();
  }
}
