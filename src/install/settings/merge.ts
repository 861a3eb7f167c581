import { sha256 } from "../../base/digest.ts";
import {
  isBlank,
  isObject,
  type Json,
  type JsonObject,
  nodeAt,
  type Place,
  parseJsonc,
  prependAt,
  removeAt,
  setAt,
  toValue,
} from "../../base/jsonc.ts";
import { type DesiredSettings, withRule } from "./desired.ts";

const SERVERS = "amp.mcpServers";
const PERMISSIONS = "amp.permissions";

/** What the module set at an earlier start: a digest for each path, so that no secret is stored twice. */
export type AppliedSettings = Record<string, string>;

export interface MergeResult {
  /** The new text; the same string if nothing had to change. */
  text: string;
  applied: AppliedSettings;
}

/** The settings file holds something that is not a JSON object. */
export class UnreadableSettings extends Error {}

/**
 * Merges the template's settings into the user's file: comments, order and every key that the template does not name
 * stay; MCP servers merge one by one; what the module set earlier and no longer names is removed, unless the user
 * changed it since. Equal values are not touched, so merging twice changes nothing, and what the user had already is
 * not counted as set by the module. A required permission only joins rules of the user's: a rule of ours alone would
 * switch Amp's permission system on, and one that stands alone goes, as earlier versions of the module wrote it.
 *
 * @param text the file as it is, JSON with comments and trailing commas; "" for none
 * @throws UnreadableSettings
 */
export function mergeSettings(text: string, desired: DesiredSettings, before: AppliedSettings): MergeResult {
  const document = new SettingsDocument(text);
  const applied: AppliedSettings = {};
  const record = (key: string, value: Json, isChanged: boolean) => {
    if (isChanged || Object.hasOwn(before, key)) applied[key] = digest(value);
  };

  const wanted = wantedPaths(desired);
  for (const { path, value } of wanted) record(JSON.stringify(path), value, document.set(path, value));

  const required = new Map(desired.requiredPermissions.map((rule) => [ruleKey(rule), rule]));
  const stays = new Set([...wanted.map(({ path }) => JSON.stringify(path)), ...required.keys()]);
  for (const [key, earlier] of Object.entries(before)) {
    const path = stays.has(key) ? undefined : pathOf(key);
    // A list that the template names is the template's, rules and all.
    if (path && !(isRule(path) && PERMISSIONS in desired.keys)) document.removeIfUnchanged(path, earlier);
  }
  for (const [key, rule] of required) {
    const own = before[key];
    if (document.hasOtherRules(own)) record(key, rule, document.requirePermission(rule));
    else if (own !== undefined)
      document.removeIfUnchanged([PERMISSIONS, { rule: rule["tool"] ?? null }], own);
  }
  return { text: document.text, applied };
}

type RulePath = [key: string, rule: { rule: Json }];
type AppliedPath = [key: string, child?: string] | RulePath;

function wantedPaths(desired: DesiredSettings): { path: [string, string?]; value: Json }[] {
  return [
    ...Object.entries(desired.keys).map(([key, value]) => ({ path: [key] as [string], value })),
    ...Object.entries(desired.mcpServers).map(([name, value]) => ({
      path: [SERVERS, name] as [string, string],
      value,
    })),
  ];
}

function ruleKey(rule: JsonObject): string {
  return JSON.stringify([PERMISSIONS, { rule: rule["tool"] ?? null }]);
}

function isRule(path: AppliedPath): path is RulePath {
  return typeof path[1] === "object";
}

/** The path behind a key of `AppliedSettings`, or undefined if the file was changed by hand. */
function pathOf(key: string): AppliedPath | undefined {
  try {
    const [parent, child]: unknown[] = JSON.parse(key);
    if (typeof parent !== "string") return undefined;
    if (child === undefined || typeof child === "string")
      return child === undefined ? [parent] : [parent, child];
    return typeof child === "object" && child !== null && "rule" in child
      ? [parent, { rule: child.rule as Json }]
      : undefined;
  } catch {
    return undefined;
  }
}

/** A settings text under edit. */
class SettingsDocument {
  text: string;

  constructor(text: string) {
    this.text = text.trim() === "" ? "{}\n" : text;
    if (!parseJsonc(this.text)) throw new UnreadableSettings();
  }

  /** @returns whether the text had to change */
  set(path: [string, string?], value: Json): boolean {
    const present = this.#at(path);
    if (present !== undefined && digest(present) === digest(value)) return false;
    this.text = setAt(this.text, path, value);
    return true;
  }

  /** Whether there is a rule besides the one that the module set, which `own` is the digest of. */
  hasOtherRules(own: string | undefined): boolean {
    const present = this.#at([PERMISSIONS]);
    return Array.isArray(present) && present.some((rule) => digest(rule) !== own);
  }

  /** @returns whether the text had to change */
  requirePermission(rule: JsonObject): boolean {
    const present = this.#at([PERMISSIONS]);
    if (Array.isArray(present) && withRule(present, rule).length === present.length) return false;
    this.text = prependAt(this.text, PERMISSIONS, rule);
    return true;
  }

  removeIfUnchanged(path: AppliedPath, earlier: string): void {
    if (isRule(path)) {
      this.#removeRule(path[1].rule, earlier);
      return;
    }
    const present = this.#at(path);
    if (present === undefined || digest(present) !== earlier) return;
    this.text = removeAt(this.text, path);
    if (path[1] !== undefined) this.#removeIfBlank(path[0]);
  }

  #removeRule(tool: Json, earlier: string): void {
    const rules = this.#at([PERMISSIONS]);
    if (!Array.isArray(rules)) return;
    const index = rules.findIndex(
      (rule) => isObject(rule) && rule["tool"] === tool && digest(rule) === earlier,
    );
    if (index < 0) return;
    this.text = removeAt(this.text, [PERMISSIONS, index]);
    this.#removeIfBlank(PERMISSIONS);
  }

  #removeIfBlank(key: string): void {
    const node = nodeAt(parseJsonc(this.text), [key]);
    if (node && isBlank(this.text, node)) this.text = removeAt(this.text, [key]);
  }

  #at(place: Place): Json | undefined {
    const node = nodeAt(parseJsonc(this.text), place);
    return node && toValue(node);
  }
}

/** The same for equal values, whatever the order of their keys. */
function digest(value: Json): string {
  return sha256(canonical(value));
}

function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")}}`;
}
