import { createScanner, type Node, type ParseError, parseTree } from "jsonc-parser";

/** A JSON value as settings files hold it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** An object and no array; `null` is none either. */
export function isObject(value: Json | undefined): value is JsonObject;
export function isObject(value: unknown): value is Record<string, unknown>;
export function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One place in the text of an object: a top-level key, or a key or an array's index inside of its value. */
export type Place = readonly [key: string, inner?: string | number];

/**
 * Reads JSON with comments and trailing commas, as Amp does: of a key that is there twice the last one counts.
 *
 * @returns the root object, or undefined if the text is anything else
 */
export function parseJsonc(text: string): Node | undefined {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  return errors.length === 0 && root?.type === "object" ? root : undefined;
}

export function nodeAt(root: Node | undefined, [key, inner]: Place): Node | undefined {
  const value = propertyOf(root, key)?.children?.[1];
  if (inner === undefined) return value;
  if (typeof inner === "string") return propertyOf(value, inner)?.children?.[1];
  return value?.type === "array" ? value.children?.[inner] : undefined;
}

/** The value of a node. A key such as `__proto__` is a key like any other. */
export function toValue(node: Node): Json {
  const children = node.children ?? [];
  if (node.type === "array") return children.map(toValue);
  if (node.type !== "object") return node.value;
  return Object.fromEntries(
    children.map(({ children: [key, value] = [] }) => [key?.value, value ? toValue(value) : null]),
  ) as JsonObject;
}

/**
 * Writes `value` at `place`: over the value that is there, else behind the last key of the object. A value in the way
 * that is no object gives way to one. Everything else of the text stays byte for byte.
 *
 * @param text what `parseJsonc` accepts
 */
export function setAt(text: string, [key, inner]: readonly [string, string?], value: Json): string {
  const root = parseJsonc(text);
  const parent = inner === undefined ? root : nodeAt(root, [key]);
  const name = inner ?? key;
  if (inner !== undefined && parent?.type !== "object") return setAt(text, [key], { [name]: value });
  if (parent === undefined) return text;
  const style = styleOf(text);
  const present = propertyOf(parent, name);
  const old = present?.children?.[1];
  if (present && old) {
    return replace(text, old.offset, endOf(old), style.print(value, lineIndent(text, present.offset)));
  }
  return append(text, parent, (indent) => `${JSON.stringify(name)}: ${style.print(value, indent)}`);
}

/** Puts `value` in front of the items of the array at `key`; anything but an array gives way to one. */
export function prependAt(text: string, key: string, value: Json): string {
  const list = nodeAt(parseJsonc(text), [key]);
  if (list?.type !== "array") return setAt(text, [key], [value]);
  const style = styleOf(text);
  const [first] = list.children ?? [];
  if (!first) return append(text, list, (indent) => style.print(value, indent));
  const line = lineBreakAfter(text, list.offset + 1, first.offset);
  if (line === undefined) return replace(text, first.offset, first.offset, `${JSON.stringify(value)}, `);
  const indent = lineIndent(text, first.offset);
  return replace(text, line, line, `${style.eol}${indent}${style.print(value, indent)},`);
}

/** Removes a key or an array's item with its comma; comments stay, whatever they are about. */
export function removeAt(text: string, place: Place): string {
  const node = nodeAt(parseJsonc(text), place);
  const entry = node?.parent?.type === "property" ? node.parent : node;
  const container = entry?.parent;
  if (!entry || !container) return text;
  const comma = commaAfter(text, endOf(entry));
  const previous = container.children?.[container.children.indexOf(entry) - 1];
  const commaBefore = comma === undefined && previous ? commaAfter(text, endOf(previous)) : undefined;
  const [from, to] = wholeLine(text, entry.offset, comma === undefined ? endOf(entry) : comma + 1);
  const cut = replace(text, from, to, "");
  return commaBefore === undefined ? cut : replace(cut, commaBefore, commaBefore + 1, "");
}

/** Whether nothing stands between the brackets, not even a comment. */
export function isBlank(text: string, node: Node): boolean {
  return text.slice(node.offset + 1, endOf(node) - 1).trim() === "";
}

/** Adds an entry behind the last one and the comments there. A container on one line stays on one line. */
function append(text: string, container: Node, print: (indent: string) => string): string {
  const { eol, unit, isOneLine } = styleOf(text);
  const close = endOf(container) - 1;
  const last = container.children?.at(-1);
  const gapStart = last ? endOf(last) : container.offset + 1;
  const comma = last && commaAfter(text, gapStart);
  const gap = text.slice(gapStart, close);
  const at = gapStart + gap.trimEnd().length;
  const outer = lineIndent(text, container.offset);
  const opensLine =
    last !== undefined && lineStart(text, last.offset) + lineIndent(text, last.offset).length === last.offset;
  const indent = opensLine ? lineIndent(text, last.offset) : outer + unit;
  const isInline =
    !gap.includes("\n") && (last !== undefined || (isOneLine && container.parent !== undefined));

  const entry = isInline
    ? `${last || gap.trim() !== "" ? " " : ""}${print(indent).replace(/\s*\n\s*/g, " ")}`
    : `${eol}${indent}${print(indent)}`;
  const tail = gap.slice(gap.trimEnd().length);
  const ending = isInline || tail.includes("\n") ? tail : `${eol}${outer}`;
  const withEntry = replace(text, at, close, `${entry}${comma === undefined ? "" : ","}${ending}`);
  return last && comma === undefined ? replace(withEntry, gapStart, gapStart, ",") : withEntry;
}

interface Style {
  eol: string;
  /** One step of indentation. */
  unit: string;
  isOneLine: boolean;
  /** JSON text whose further lines begin with `indent`. */
  print(value: Json, indent: string): string;
}

/** The user's own indentation and line ends. */
function styleOf(text: string): Style {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const isOneLine = text.trim() !== "{}" && !text.trim().includes("\n");
  const unit = text.match(/^([ \t]+)"/m)?.[1] ?? "  ";
  return {
    eol,
    unit,
    isOneLine,
    print: (value, indent) =>
      isOneLine ? JSON.stringify(value) : JSON.stringify(value, null, unit).replaceAll("\n", eol + indent),
  };
}

/** The last property of that name, which is the one that counts. */
function propertyOf(object: Node | undefined, name: string): Node | undefined {
  if (object?.type !== "object") return undefined;
  return object.children?.findLast((property) => property.children?.[0]?.value === name);
}

function endOf(node: Node): number {
  return node.offset + node.length;
}

/** The offset of the comma that comes next, over white space and comments. */
function commaAfter(text: string, offset: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  scanner.scan();
  return text[scanner.getTokenOffset()] === "," ? scanner.getTokenOffset() : undefined;
}

/** The offset of the first line break that is not inside of a comment. */
function lineBreakAfter(text: string, from: number, to: number): number | undefined {
  const scanner = createScanner(text);
  scanner.setPosition(from);
  while (scanner.getPosition() < to) {
    scanner.scan();
    if (/[\r\n]/.test(text.charAt(scanner.getTokenOffset()))) return scanner.getTokenOffset();
  }
  return undefined;
}

/** The span with its line, if nothing else is on it; else the span and the blanks behind it. */
function wholeLine(text: string, from: number, to: number): [from: number, to: number] {
  const start = lineStart(text, from);
  const after = text.slice(to).match(/^[ \t]*(\r?\n)?/)?.[0] ?? "";
  const isAlone = text.slice(start, from).trim() === "" && after.endsWith("\n");
  return isAlone ? [start, to + after.length] : [from, to + (after.endsWith("\n") ? 0 : after.length)];
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

function lineIndent(text: string, offset: number): string {
  return text.slice(lineStart(text, offset)).match(/^[ \t]*/)?.[0] ?? "";
}

function replace(text: string, from: number, to: number, by: string): string {
  return text.slice(0, from) + by + text.slice(to);
}
