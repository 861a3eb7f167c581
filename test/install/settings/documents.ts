import fc from "fast-check";
import type { Json, JsonObject } from "../../../src/base/jsonc.ts";

/** What a person may have between two tokens. `@` becomes a number of its own, so that each comment can be told. */
const gap = fc.constantFrom(
  "",
  " ",
  "\n",
  "\n  ",
  "\t",
  " /* @ */ ",
  " // @, }\n\t",
  "\n/* @\n ] */\n",
  "\n  // @\n  ",
);

const word = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 6 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("__proto__", "constructor", "toString", "//", "/*", ",", "}", 'é\n"'),
  },
);

const leaf = fc.oneof(
  word.map((text) => JSON.stringify(text)),
  fc.constantFrom("null", "true", "false", "1.50", "-0", "1e3", "{}", "[ ]", '"\\u0041"'),
);

function list(entry: fc.Arbitrary<string>, [open, close]: [string, string]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.array(fc.tuple(gap, entry, gap), { maxLength: 4 }), gap, fc.boolean())
    .map(([entries, last, hasTrailingComma]) => {
      const inner = entries.map((parts) => parts.join("")).join(",");
      return `${open}${inner}${hasTrailingComma && entries.length > 0 ? "," : ""}${last}${close}`;
    });
}

function object(keys: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const entry = fc.tuple(gap, value).map(([space, text]) => `${space}:${space}${text}`);
  return fc
    .tuple(
      fc.uniqueArray(keys, { maxLength: 5 }),
      fc.array(fc.tuple(gap, entry, gap), { minLength: 5, maxLength: 5 }),
      gap,
      fc.boolean(),
    )
    .map(([names, entries, last, hasTrailingComma]) => {
      const inner = names.map((name, index) => {
        const [before = "", text = "", after = ""] = entries[index] ?? [];
        return `${before}${JSON.stringify(name)}${text}${after}`;
      });
      return `{${inner.join(",")}${hasTrailingComma && names.length > 0 ? "," : ""}${last}}`;
    });
}

const value = fc.oneof({ weight: 3, arbitrary: leaf }, list(leaf, ["[", "]"]), object(word, leaf));

const topKey = fc.oneof(
  word,
  fc.constantFrom("amp.permissions", "amp.mcpServers", "amp.notifications.enabled", "amp.updates.mode"),
);

/** Texts of settings files as people write them: comments and trailing commas anywhere, any layout, LF or CRLF. */
export const userDocument: fc.Arbitrary<string> = fc
  .tuple(gap, object(topKey, value), gap, fc.boolean())
  .map(([before, text, after, hasCrLf]) => {
    let count = 0;
    const numbered = `${before}${text}${after}\n`.replaceAll("@", () => `comment ${++count}`);
    return hasCrLf ? numbered.replaceAll("\n", "\r\n") : numbered;
  });

const jsonValue: fc.Arbitrary<Json> = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
const name = fc.constantFrom("coder", "files", "constructor", "a b", "");

/** MCP servers by name. */
export const servers: fc.Arbitrary<JsonObject> = fc.dictionary(name, jsonValue, {
  maxKeys: 3,
}) as fc.Arbitrary<JsonObject>;

/** Top-level keys that a template names. */
export const templateKeys: fc.Arbitrary<JsonObject> = fc.dictionary(
  fc.constantFrom("amp.permissions", "amp.notifications.enabled", "amp.updates.mode", "constructor", "é"),
  jsonValue,
  { maxKeys: 4 },
) as fc.Arbitrary<JsonObject>;
