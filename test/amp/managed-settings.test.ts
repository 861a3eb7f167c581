import { expect, test } from "vitest";
import { isManagedByModule, managedText, saysTheSame } from "../../src/amp/managed-settings.ts";
import { readSettings } from "../../src/amp/settings.ts";
import { managedProblem } from "../../src/amp/settings-problems.ts";

const rules = [{ tool: "Bash", action: "reject" }];

test("with rules, nobody below can allow everything instead", () => {
  const text = managedText(JSON.stringify({ "amp.permissions": rules }));
  expect(text).toMatch(/"amp.dangerouslyAllowAll": false/);
  expect(isManagedByModule(text)).toBe(true);
});

test.each([
  [{ "amp.showCosts": false }],
  [{ "amp.permissions": rules, "amp.dangerouslyAllowAll": true }],
])("nothing is added to %j", (settings) => {
  const text = managedText(JSON.stringify(settings));
  expect(saysTheSame(text, JSON.stringify(settings))).toBe(true);
});

test("what an administrator wrote is not ours, also if it says the same", () => {
  const text = '{"amp.showCosts":false}';
  expect(isManagedByModule(text)).toBe(false);
  expect(saysTheSame(text, managedText(text))).toBe(true);
  expect(saysTheSame('{"amp.showCosts":true}', managedText(text))).toBe(false);
  expect(saysTheSame("{", managedText(text))).toBe(false);
});

test.each([
  ["", undefined],
  ['{"amp.permissions":[{"tool":"Bash","action":"allow"}]}', undefined],
  ["{", "it is not valid JSON"],
  ["[]", "it is not a JSON object"],
  ['{"permissions":[]}', 'the key "permissions" does not begin with "amp."'],
  ['{"amp.permissions":{}}', "amp.permissions is not a list of rules"],
  ['{"amp.permissions":[1]}', "amp.permissions[0] is not an object with a tool"],
  [
    '{"amp.permissions":[{"tool":"Bash","action":"permit"}]}',
    "amp.permissions[0] has none of the actions allow, reject, ask, delegate",
  ],
  [
    '{"amp.permissions":[{"tool":"Bash","action":"delegate"}]}',
    'amp.permissions[0] names no program in "to", so Amp leaves it out',
  ],
])("what is wrong with %s: %s", (text, problem) => {
  expect(managedProblem(text)).toBe(problem);
});

test("a settings file that is not there is empty", () => {
  expect(readSettings("/nowhere/managed-settings.json")).toEqual({});
});
