import { createHash } from "node:crypto";
import {
  applyEdits,
  type FormattingOptions,
  type JSONPath,
  modify,
  type ParseError,
  parse,
} from "jsonc-parser";
import { type DesiredSettings, isObject, type Json, type JsonObject, withRule } from "./desired.ts";

const SERVERS = "amp.mcpServers";
const PERMISSIONS = "amp.permissions";

/** What the module set at an earlier start: a digest for each path, so that no secret is stored twice. */
export type AppliedSettings = Record<string, string>;

export interface MergeResult {
  /** The new text; the same string where nothing had to change. */
  text: string;
  applied: AppliedSettings;
}

/** The settings file holds something that is not a JSON object. */
export class UnreadableSettings extends Error {}

/**
 * Merges the template's settings into the user's file: comments, order and every key that the template does not name
 * stay; MCP servers merge one by one; what the module set earlier and no longer names is removed, unless the user
 * changed it since. Equal values are not touched, so merging twice changes nothing.
 *
 * @param text the file as it is, JSON with comments and trailing commas; "" for none
 * @throws UnreadableSettings
 */
export function mergeSettings(text: string, desired: DesiredSettings, before: AppliedSettings): MergeResult {
  const document = new SettingsDocument(text);
  const applied: AppliedSettings = {};

  const wanted = wantedPaths(desired);
  for (const { path, value } of wanted) {
    document.set(path, value);
    applied[JSON.stringify(path)] = digest(value);
  }
  for (const rule of desired.requiredPermissions) {
    document.requirePermission(rule);
    applied[JSON.stringify([PERMISSIONS, { rule: rule["tool"] ?? null }])] = digest(rule);
  }
  for (const [key, earlier] of Object.entries(before)) {
    if (!(key in applied)) document.removeIfUnchanged(JSON.parse(key), earlier);
  }
  return { text: document.text, applied };
}

function wantedPaths(desired: DesiredSettings): { path: string[]; value: Json }[] {
  return [
    ...Object.entries(desired.keys).map(([key, value]) => ({ path: [key], value })),
    ...Object.entries(desired.mcpServers).map(([name, value]) => ({ path: [SERVERS, name], value })),
  ];
}

/** A settings text under edit. */
class SettingsDocument {
  text: string;
  readonly #format: FormattingOptions;

  constructor(text: string) {
    this.text = text.trim() === "" ? "{}\n" : text;
    this.#format = formatOf(text);
    this.#parse();
  }

  set(path: string[], value: Json): void {
    const present = this.#at(path);
    if (present !== undefined && digest(present) === digest(value)) return;
    // A user's amp.mcpServers that is no object cannot take a server.
    const [parent, name] = path;
    if (parent !== undefined && name !== undefined && !isObject(this.#at([parent]) ?? {})) {
      this.#edit([parent], {});
    }
    this.#edit(path, value);
  }

  requirePermission(rule: JsonObject): void {
    const present = this.#at([PERMISSIONS]);
    const rules = Array.isArray(present) ? present : [];
    if (!Array.isArray(present)) this.#edit([PERMISSIONS], [rule]);
    else if (withRule(rules, rule).length > rules.length) this.#edit([PERMISSIONS, 0], rule, true);
  }

  removeIfUnchanged(path: [string, ...(string | { rule: Json })[]], earlier: string): void {
    const [parent, child] = path;
    if (typeof child === "object") {
      this.#removeRule(child.rule, earlier);
      return;
    }
    const names = child === undefined ? [parent] : [parent, child];
    const present = this.#at(names);
    if (present === undefined || digest(present) !== earlier) return;
    this.#edit(names, undefined);
    if (child !== undefined) this.#removeIfEmpty(parent);
  }

  #removeRule(tool: Json, earlier: string): void {
    const rules = this.#at([PERMISSIONS]);
    if (!Array.isArray(rules)) return;
    const index = rules.findIndex(
      (rule) => isObject(rule) && rule["tool"] === tool && digest(rule) === earlier,
    );
    if (index < 0) return;
    this.#edit([PERMISSIONS, index], undefined);
    this.#removeIfEmpty(PERMISSIONS);
  }

  #removeIfEmpty(key: string): void {
    const value = this.#at([key]);
    if (value !== undefined && Object.keys(value ?? {}).length === 0) this.#edit([key], undefined);
  }

  #edit(path: JSONPath, value: Json | undefined, isArrayInsertion = false): void {
    const edits = modify(this.text, path, value, { formattingOptions: this.#format, isArrayInsertion });
    this.text = applyEdits(this.text, edits);
  }

  #at([key, child]: string[]): Json | undefined {
    const value = key === undefined ? undefined : ownValue(this.#parse(), key);
    if (child === undefined) return value;
    return isObject(value) ? ownValue(value, child) : undefined;
  }

  #parse(): JsonObject {
    const errors: ParseError[] = [];
    const value: Json = parse(this.text, errors, { allowTrailingComma: true });
    if (errors.length > 0 || !isObject(value)) throw new UnreadableSettings();
    return value;
  }
}

function ownValue(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The same for equal values, whatever the order of their keys. */
function digest(value: Json): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")}}`;
}

/** The user's own indentation and line ends. */
function formatOf(text: string): FormattingOptions {
  const indent = text.match(/^([ \t]+)\S/m)?.[1] ?? "  ";
  return {
    insertSpaces: !indent.startsWith("\t"),
    tabSize: indent.startsWith("\t") ? 4 : indent.length,
    eol: text.includes("\r\n") ? "\r\n" : "\n",
  };
}
