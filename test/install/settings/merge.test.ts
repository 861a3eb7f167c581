import { createHash } from "node:crypto";
import fc from "fast-check";
import { createScanner, parse } from "jsonc-parser";
import { describe, expect, test } from "vitest";
import { type JsonObject, nodeAt, parseJsonc, toValue } from "../../../src/base/jsonc.ts";
import type { DesiredSettings } from "../../../src/install/settings/desired.ts";
import { mergeSettings, UnreadableSettings } from "../../../src/install/settings/merge.ts";
import { holds } from "../../support/fuzz.ts";
import { servers, templateKeys, userDocument } from "./documents.ts";

const RULE: JsonObject = { tool: "mcp__coder__*", action: "allow" };

/** As versions that wrote the rule for everybody recorded it. */
const RULE_KEY = '["amp.permissions",{"rule":"mcp__coder__*"}]';
const RULE_DIGEST = createHash("sha256").update('{"action":"allow","tool":"mcp__coder__*"}').digest("hex");

function desired(given: Partial<DesiredSettings> = {}): DesiredSettings {
  return { keys: {}, mcpServers: {}, requiredPermissions: [], ...given };
}

/** The text after starts with one template after the other. */
function settled(text: string, ...templates: Partial<DesiredSettings>[]): string {
  let applied = {};
  let now = text;
  for (const template of templates) {
    ({ text: now, applied } = mergeSettings(now, desired(template), applied));
    expect(parseJsonc(now), now).toBeDefined();
    const again = mergeSettings(now, desired(template), applied);
    expect(again).toEqual({ text: now, applied });
  }
  return now;
}

describe("the user's text", () => {
  test("comments, order, blank lines and other keys stay as they are", () => {
    const text = `// mine
{
  // about z
  "z": [1,   2], // two

  /* about a */ "a": { "b" : 1 },
  "amp.x": false // theirs
}
`;
    expect(settled(text, { keys: { "amp.x": true, "amp.new": { deep: [1] } } })).toBe(`// mine
{
  // about z
  "z": [1,   2], // two

  /* about a */ "a": { "b" : 1 },
  "amp.x": true, // theirs
  "amp.new": {
    "deep": [
      1
    ]
  }
}
`);
  });

  test.each([
    ["trailing comma", '{\n  "a": 1, // one\n}\n', '{\n  "a": 1, // one\n  "t": true,\n}\n'],
    ["CRLF", '{\r\n  "a": 1\r\n}\r\n', '{\r\n  "a": 1,\r\n  "t": true\r\n}\r\n'],
    ["tabs", '{\n\t"a": 1\n}', '{\n\t"a": 1,\n\t"t": true\n}'],
    ["four spaces", '{\n    "a": 1\n}', '{\n    "a": 1,\n    "t": true\n}'],
    ["one line", '{ "a": [1,2] }', '{ "a": [1,2], "t": true }'],
    ["comment before the end", '{\n  "a": 1\n  // last\n}', '{\n  "a": 1,\n  // last\n  "t": true\n}'],
    ["only a comment", "{ // empty\n}", '{ // empty\n  "t": true\n}'],
    ["empty object", "{}", '{\n  "t": true\n}'],
    ["no file", "", '{\n  "t": true\n}\n'],
  ])("%s: its own style is kept", (_name, text, wanted) => {
    expect(settled(text, { keys: { t: true } })).toBe(wanted);
  });

  test("what is equal already is not touched, whatever the order of its keys", () => {
    const text = '{"amp.mcpServers":{"x":{"b":[1,{"d":1,"c":2}],"a":1}}}';
    expect(settled(text, { mcpServers: { x: { a: 1, b: [1, { c: 2, d: 1 }] } } })).toBe(text);
    expect(settled(text, { mcpServers: { x: { a: 1, b: [{ c: 2, d: 1 }, 1] } } })).not.toBe(text);
  });

  test("of a key that is there twice the last one counts, as for Amp", () => {
    expect(settled('{"a":1,"a":2}', { keys: { a: 3 } })).toBe('{"a":1,"a":3}');
    expect(settled('{"a":3,"a":2}', { keys: { a: 2 } })).toBe('{"a":3,"a":2}');
  });

  test.each([
    "[]",
    "3",
    "null",
    '{"a":',
    '{"a":1} x',
    "// only a comment",
    "\uFEFF{}",
  ])("%s is refused as unreadable", (text) => {
    expect(() => mergeSettings(text, desired(), {})).toThrow(UnreadableSettings);
  });
});

describe("MCP servers", () => {
  test("merge one by one; the template's wins over the user's of that name", () => {
    const text = '{"amp.mcpServers": {"mine": {"command":"m"}, "both": {"command":"user"}}}';
    const merged = settled(text, { mcpServers: { both: { command: "template" }, new: { url: "u" } } });
    expect(parse(merged)).toEqual({
      "amp.mcpServers": { mine: { command: "m" }, both: { command: "template" }, new: { url: "u" } },
    });
  });

  test.each(["null", "[]", '"x"', "3"])("amp.mcpServers: %s cannot take a server and gives way", (value) => {
    const text = `{"a":1,"amp.mcpServers":${value}}`;
    expect(parse(settled(text, { mcpServers: { x: { command: "c" } } }))).toEqual({
      a: 1,
      "amp.mcpServers": { x: { command: "c" } },
    });
    expect(settled(text, {})).toBe(text);
  });

  test("names such as constructor and __proto__ are names", () => {
    const text = '{"__proto__": {"polluted": 1}, "amp.mcpServers": {"__proto__": {"command": "p"}}}';
    const merged = settled(text, { keys: { constructor: 1 }, mcpServers: { constructor: { command: "c" } } });
    expect(merged).toContain('"__proto__": {"polluted": 1}');
    expect(merged).toContain('"__proto__": {"command": "p"}');
    expect(JSON.parse(merged)["amp.mcpServers"].constructor).toEqual({ command: "c" });
    expect(JSON.parse(merged).constructor).toBe(1);
    expect(settled(merged, {})).toBe(merged);
    expect({}).not.toHaveProperty("polluted");
  });
});

describe("what an earlier start set and the template no longer names", () => {
  const template = { keys: { k: { v: 1 } }, mcpServers: { s: { command: "c" } } };

  test.each([
    '{\n  // mine\n  "a": 1, // one\n  "z": 2 // two\n}\n',
    '{\n  "a": 1,\n}\n',
    '{"a":1}',
    "{ // nothing yet\n}\n",
    '{\n  "amp.mcpServers": {\n    // none of mine\n  }\n}\n',
    '{\n  "amp.mcpServers": {\n    "u": {}\n  }\n}\n',
  ])("is removed and leaves %j", (text) => {
    const bare = (json: string) => json.replace(/,(\s*(\/\/.*)?\s*})/g, "$1").replace(/\s/g, "");
    expect(bare(settled(text, template, {}))).toBe(bare(text));
  });

  test("goes although the user put a trailing comma behind it", () => {
    const { text, applied } = mergeSettings("", desired({ keys: { a: 1 } }), {});
    const edited = text.replace("1", "1,");
    expect(parseJsonc(edited)).toBeDefined();
    expect(parse(mergeSettings(edited, desired(), applied).text)).toEqual({});
  });

  test("stays where the user changed it since, and is the user's from then on", () => {
    const first = mergeSettings("{}", desired(template), {});
    const edited = first.text.replace('"c"', '"mine"').replace('"v": 1', '"v": 2');
    const second = mergeSettings(edited, desired(), first.applied);
    expect(second).toEqual({ text: edited, applied: {} });
  });

  test("stays where the user had it before the module did", () => {
    const text = '{"k":{"v":1},"amp.mcpServers":{"s":{"command":"c"}}}';
    expect(settled(text, template, {})).toBe(text);
  });

  test("the same value written in another order of keys counts as unchanged", () => {
    const first = mergeSettings("{}", desired({ keys: { k: { a: 1, b: 2 } } }), {});
    expect(parse(mergeSettings('{"k":{"b":2,"a":1}}', desired(), first.applied).text)).toEqual({});
  });

  test.each([
    "x",
    "[1]",
    "[]",
    '["k",3]',
    '["k",{}]',
    "null",
    "{}",
  ])("a record with the key %s, changed by hand, removes nothing", (key) => {
    const text = '{"k":1,"x":1}';
    expect(mergeSettings(text, desired(), { [key]: "0" }).text).toBe(text);
  });
});

describe("the required permission rule", () => {
  const required = { requiredPermissions: [RULE] };
  const rules = (text: string) => parse(text)["amp.permissions"];

  test("goes in front of the user's rules, and out again", () => {
    const text = `{
  "amp.permissions": [ // mine
    // no shell
    { "tool": "Bash", "action": "reject" }
  ]
}
`;
    const merged = settled(text, required);
    expect(rules(merged)).toEqual([RULE, { tool: "Bash", action: "reject" }]);
    expect(merged).toContain(
      '[ // mine\n    {\n      "tool": "mcp__coder__*",\n      "action": "allow"\n    },\n    // no shell\n',
    );
    expect(settled(text, required, {})).toBe(text);
  });

  test.each([
    '{"amp.permissions":[{"tool":"A"},{"tool":"B"}]}',
    '{"a":[1,2], "amp.permissions": [ {"tool":"A"} ]}',
  ])("keeps a list on one line: %s", (text) => {
    expect(rules(settled(text, required))[0]).toEqual(RULE);
    expect(settled(text, required)).not.toContain("\n");
    expect(settled(text, required, {})).toBe(text);
  });

  test("a rule of the user's for the same tool is left alone, and is never removed", () => {
    for (const action of ["ask", "allow"]) {
      const text = `{"amp.permissions":[{"tool":"A"},{"tool":"mcp__coder__*","action":"${action}"}]}`;
      expect(settled(text, required, {})).toBe(text);
    }
  });

  test.each([
    "{}",
    '{"amp.permissions": null}',
    '{"amp.permissions": {}}',
    '{"amp.permissions": []}',
    `{"amp.permissions": [${JSON.stringify(RULE)}]}`,
  ])("%s has no rule of the user's to stand in front of: nothing changes", (text) => {
    expect(settled(text, required)).toBe(text);
  });

  test("an earlier version's only rule goes with its key, since any rule switches Amp's permission system on", () => {
    const earlier = { [RULE_KEY]: RULE_DIGEST };
    for (const wanted of [desired(required), desired()]) {
      const merged = mergeSettings(`{"a":1,"amp.permissions":[${JSON.stringify(RULE)}]}`, wanted, earlier);
      expect(merged).toEqual({ text: '{"a":1}', applied: {} });
    }
  });

  test("a rule that the user changed since, or that no record calls ours, is not taken for an earlier version's", () => {
    const changed = '{"amp.permissions":[{"tool":"mcp__coder__*","action":"ask"}]}';
    expect(mergeSettings(changed, desired(required), { [RULE_KEY]: RULE_DIGEST }).text).toBe(changed);
  });

  test("goes with the user's last rule, and the key with it", () => {
    const first = mergeSettings('{"amp.permissions":[{"tool":"A"}]}', desired(required), {});
    expect(first.applied).toEqual({ [RULE_KEY]: RULE_DIGEST });
    const alone = JSON.stringify({ "amp.permissions": [RULE] });
    expect(mergeSettings(alone, desired(required), first.applied)).toEqual({ text: "{}", applied: {} });
  });

  test("stays when the user sorted it behind another rule, then goes as the module's own", () => {
    const first = mergeSettings('{"amp.permissions":[{"tool":"A"}]}', desired(required), {});
    const sorted = `{"amp.permissions":[{"tool":"A"},${JSON.stringify(RULE)}]}`;
    const second = mergeSettings(sorted, desired(required), first.applied);
    expect(second.text).toBe(sorted);
    expect(mergeSettings(second.text, desired(), second.applied).text).toBe(
      '{"amp.permissions":[{"tool":"A"}]}',
    );
  });

  test("survives when the template begins to name the whole list", () => {
    const list = [RULE, { tool: "B", action: "ask" }];
    expect(rules(settled("{}", required, { keys: { "amp.permissions": list } }))).toEqual(list);
  });

  test("goes with the template's whole list, and stays where the user has added to that", () => {
    const list = [RULE, { tool: "B", action: "ask" }];
    const named = { keys: { "amp.permissions": list } };
    expect(parse(settled("{}", named, required))).toEqual({});
    const { applied } = mergeSettings("{}", desired(named), {});
    const longer = JSON.stringify({ "amp.permissions": [...list, { tool: "C" }] });
    expect(mergeSettings(longer, desired(required), applied).text).toBe(longer);
  });
});

describe("for any text and any template", () => {
  const template = fc
    .record({ keys: templateKeys, mcpServers: servers, hasRule: fc.boolean() })
    // desiredSettings puts the rule into a list that the template names.
    .map(({ hasRule, ...rest }) => ({
      ...rest,
      requiredPermissions: hasRule && !("amp.permissions" in rest.keys) ? [RULE] : [],
    }));

  test("the template's values are there, twice is once, and nothing else changes", async () => {
    await holds(
      fc.property(userDocument, template, (text, wanted) => {
        const { text: merged, applied } = mergeSettings(text, wanted, {});
        const value = valueIn(merged);
        for (const [key, inner] of Object.entries(wanted.keys)) expect(value[key]).toEqual(normal(inner));
        for (const [name, inner] of Object.entries(wanted.mcpServers)) {
          expect(Object.entries(value["amp.mcpServers"] ?? {})).toContainEqual([name, normal(inner)]);
        }
        expect(mergeSettings(merged, wanted, applied)).toEqual({ text: merged, applied });

        const named = [
          ...Object.keys(wanted.keys),
          ...(Object.keys(wanted.mcpServers).length > 0 ? ["amp.mcpServers"] : []),
          ...(wanted.requiredPermissions.length > 0 ? ["amp.permissions"] : []),
        ];
        expectUntouched(text, merged, named);
      }),
    );
  });

  test("a template that names nothing any more gives back what it set, and nothing of the user's", async () => {
    await holds(
      fc.property(userDocument, template, template, (text, first, second) => {
        const one = mergeSettings(text, first, {});
        const two = mergeSettings(one.text, second, one.applied);
        const three = mergeSettings(two.text, desired(), two.applied);
        expect(three.applied).toEqual({});
        expect(mergeSettings(three.text, desired(), {}).text).toBe(three.text);
        const keys = [
          ...Object.keys(first.keys),
          ...Object.keys(second.keys),
          "amp.mcpServers",
          "amp.permissions",
        ];
        expectUntouched(text, three.text, keys);
        const users = new Set(Object.keys(valueIn(text)));
        expect(Object.keys(valueIn(three.text)).filter((key) => !users.has(key))).toEqual([]);
      }),
    );
  });
});

function valueIn(text: string): JsonObject {
  const root = parseJsonc(text);
  if (!root) throw new Error(`not readable any more: ${text}`);
  return toValue(root) as JsonObject;
}

/** As JSON keeps it: -0 is 0. */
function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Byte for byte: the text of each key that the template does not name, and every comment outside of what it names. */
function expectUntouched(before: string, merged: string, named: readonly string[]) {
  const untouched = Object.keys(valueIn(before)).filter((key) => !named.includes(key));
  const textOf = (text: string, key: string) => {
    const property = nodeAt(parseJsonc(text), [key])?.parent;
    return property && text.slice(property.offset, property.offset + property.length);
  };
  for (const key of untouched) expect(textOf(merged, key), merged).toBe(textOf(before, key));
  expect(Object.keys(valueIn(merged)).filter((key) => untouched.includes(key))).toEqual(untouched);

  const inNamed = named.map((key) => textOf(before, key) ?? "").join("\n");
  const outside = commentsOf(before).filter((comment) => !inNamed.includes(comment));
  expect(commentsOf(merged)).toEqual(expect.arrayContaining(outside));
}

function commentsOf(text: string): string[] {
  const scanner = createScanner(text);
  const found: string[] = [];
  while (scanner.getPosition() < text.length) {
    scanner.scan();
    const token = scanner.getTokenValue();
    if (token.startsWith("//") || token.startsWith("/*")) found.push(token.trim());
  }
  return found.filter((token) => token.includes("comment "));
}
