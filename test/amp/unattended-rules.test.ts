import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "jsonc-parser";
import { expect, test } from "vitest";
import { delegateTo } from "../../src/acp/broker.ts";
import type { PermissionRule } from "../../src/amp/options.ts";
import { testPermission } from "../../src/amp/permissions.ts";
import { strongerSettings } from "../../src/amp/settings.ts";
import { managedProblem } from "../../src/amp/settings-problems.ts";
import { builtinRules, permissionsOf, unattendedRules } from "../../src/amp/unattended-rules.ts";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
import { holds } from "../support/fuzz.ts";
import { realAmpProbe } from "../support/noted-amp.ts";
import { scripted, scriptedProbe } from "./scripted.ts";

const RULE: PermissionRule = { tool: "Bash", action: "ask" };

test.each([
  [{}, false],
  [{ "amp.dangerouslyAllowAll": true }, false],
  [{ "amp.dangerouslyAllowAll": false }, true],
  [{ "amp.permissions": [] }, true],
  [{ "amp.permissions": [RULE] }, true],
  [{ "amp.permissions": [RULE], "amp.dangerouslyAllowAll": true }, false],
  [{ "amp.guardedFiles.allowlist": [] }, true],
  [{ "amp.guardedFiles.allowlist": [], "amp.dangerouslyAllowAll": true }, false],
])("Amp asks with the settings %j: %s", (settings, isOn) => {
  expect(permissionsOf(settings).isOn).toBe(isOn);
  expect(permissionsOf({}, settings)).toEqual({ rules: [], isOn });
});

test("a workspace can switch it on or off, its rules stay its own, and odd rules are none", () => {
  const user = { "amp.permissions": [RULE] };
  expect(permissionsOf(user, { "amp.permissions": [], "amp.dangerouslyAllowAll": true })).toEqual({
    rules: [RULE],
    isOn: false,
  });
  expect(permissionsOf({ "amp.dangerouslyAllowAll": true }, { "amp.dangerouslyAllowAll": false }).isOn).toBe(
    true,
  );
  expect(permissionsOf({ "amp.permissions": "odd" })).toEqual({ rules: [], isOn: true });
});

test("the nearest settings up to the top of the repository, and only the folder's own without one", async () => {
  const { home } = await scripted("echo");
  const folder = join(home, "repo", "src", "deep");
  mkdirSync(folder, { recursive: true });
  const write = (at: string, name: string, text: string) => {
    mkdirSync(join(at, ".amp"), { recursive: true });
    writeFileSync(join(at, ".amp", name), text);
  };
  write(home, "settings.json", '{"amp.above": 1}');
  expect(strongerSettings(folder)[0]).not.toHaveProperty(["amp.above"]);
  expect(strongerSettings(home)[0]).toEqual({ "amp.above": 1 });

  write(join(home, "repo"), "settings.jsonc", '{ // ours\n"amp.top": 1}');
  mkdirSync(join(home, "repo", ".git"));
  expect(strongerSettings(folder)[0]).toEqual({ "amp.top": 1 });
  write(join(home, "repo", "src"), "settings.json", "{ damaged");
  expect(strongerSettings(folder)[0]).toEqual({});
});

test("Amp's own rules come after the user's, then the rest is allowed; what Amp leaves out is not brought to life", () => {
  const user = [
    RULE,
    { ...RULE, message: "only for reject" },
    { ...RULE, to: "only for delegate" },
    { tool: "Read", action: "delegate" },
    null,
  ] as PermissionRule[];
  const refuse = (rule: PermissionRule): PermissionRule =>
    rule.action === "ask" ? { ...rule, action: "reject" } : rule;

  expect(unattendedRules(user, [{ tool: "oracle", action: "ask" }], refuse)).toEqual([
    { tool: "Bash", action: "reject" },
    ...user.slice(1),
    { tool: "oracle", action: "reject" },
    { tool: "*", action: "allow" },
  ]);
  // Amp refuses by itself what it does not tell: nothing may be allowed in its place.
  expect(unattendedRules([RULE], undefined, refuse)).toEqual([{ tool: "Bash", action: "reject" }]);
});

test("an Amp that does not tell its own rules", async () => {
  expect(await builtinRules({ ...(await scriptedProbe()), path: "/bin/false" })).toBeUndefined();
});

const real = await findRealAmp();
test.skipIf(!real)(
  `the real Amp decides by the handed-over rules as by its own, and allows what none speaks of ${whyNoRealAmp()}`,
  { timeout: 120_000 },
  async () => {
    const { home, env } = await scripted("echo");
    const amp = await realAmpProbe();
    const user: PermissionRule[] = [
      { tool: "Bash", action: "reject", matches: { cmd: "*terraform apply*" } },
      { tool: "oracle", action: "ask", context: "subagent" },
      { tool: "Read", action: "ask", context: "thread" },
    ];
    const own = join(home, "own.json");
    const handed = join(home, "handed.json");
    writeFileSync(own, JSON.stringify({ "amp.permissions": user }));
    const rules = unattendedRules(user, await builtinRules(amp), (rule) => rule);
    writeFileSync(handed, JSON.stringify({ "amp.permissions": rules }));
    const verdict = async (settingsFile: string, tool: string, input: Record<string, unknown>) =>
      (await testPermission(tool, input, { amp, cwd: home, env, settingsFile, context: "thread" })).action;

    const calls: [string, Record<string, unknown>][] = [
      ["shell_command", { command: "terraform apply -auto-approve" }],
      ["shell_command", { command: "npm install" }],
      ["async_shell_command", { command: "git push origin main" }],
      ["shell_command", { command: "go test ./..." }],
      ["Read", { path: "/a" }],
      ["oracle", { task: "x" }],
    ];
    const handedVerdicts: string[] = [];
    for (const [tool, input] of calls) {
      const byHanded = await verdict(handed, tool, input);
      handedVerdicts.push(byHanded);
      expect([tool, input, byHanded]).toEqual([tool, input, await verdict(own, tool, input)]);
    }
    expect(handedVerdicts[1]).toBe("ask");
    expect(await verdict(handed, "unheard_of", {})).toBe("allow");
  },
);

/** Rules as people write them, and as they should not. */
const anyRule = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record(
      {
        tool: fc.oneof(fc.constantFrom("Bash", "*", "mcp__*"), fc.string()),
        action: fc.constantFrom("allow", "reject", "ask", "delegate"),
        to: fc.string(),
        message: fc.string(),
        context: fc.constantFrom("thread", "subagent"),
        matches: fc.dictionary(fc.string(), fc.jsonValue()),
      },
      { requiredKeys: ["tool", "action"] },
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
) as fc.Arbitrary<PermissionRule>;

test("whatever the rules: the user's stay in front and in order, none is softer than it was, and no question is left", async () => {
  const broker = { program: "/ask", programFor: (decider: string) => `/ask ${decider}` };
  await holds(
    fc.property(fc.array(anyRule), fc.option(fc.array(anyRule), { nil: undefined }), (rules, builtin) => {
      const made = unattendedRules(rules, builtin, delegateTo(broker));
      expect(made).toHaveLength(builtin ? rules.length + builtin.length + 1 : rules.length);
      for (const [index, rule] of [...rules, ...(builtin ?? [])].entries()) {
        const now = made[index];
        const { action: was, to } = (rule ?? {}) as { action?: string; to?: string };
        const { action: is, to: program, ...rest } = (now ?? {}) as { action?: string; to?: string };
        if (was === "allow" || was === "reject" || now === rule) expect(now).toEqual(rule);
        else expect([is, program]).toEqual(["delegate", was === "ask" ? "/ask" : `/ask ${to}`]);
        if (now !== rule) expect({ ...rule, ...rest }).toEqual(rule);
      }
      if (builtin) expect(made.at(-1)).toEqual({ tool: "*", action: "allow" });
    }),
  );
});

test("whatever the text of managed settings: a problem is one sentence, and a list without one holds as it is", async () => {
  const settings = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(anyRule).map((rules) => JSON.stringify({ "amp.permissions": rules })),
  );
  await holds(
    fc.property(settings, (text) => {
      const problem = managedProblem(text);
      if (problem !== undefined) {
        expect(problem).toMatch(/^\S/);
        return;
      }
      if (text === "") return;
      const { "amp.permissions": rules = [] } = parse(text) as { "amp.permissions"?: PermissionRule[] };
      for (const rule of rules) {
        expect(["allow", "reject", "ask", "delegate"]).toContain(rule.action);
        expect(typeof rule.tool).toBe("string");
        if (rule.action === "delegate") expect(rule.to).toBeTruthy();
      }
    }),
  );
});
