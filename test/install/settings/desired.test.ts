import { describe, expect, test } from "vitest";
import { desiredSettings, withRule } from "../../../src/install/settings/desired.ts";
import { exampleConfig } from "../../start/example.ts";

const RULE = { tool: "mcp__coder__*", action: "allow" };
const CODER = {
  command: "coder",
  args: ["exp", "mcp", "server"],
  env: { CODER_MCP_APP_STATUS_SLUG: "amp", CODER_MCP_AI_AGENTAPI_URL: "http://localhost:3284" },
};
const desired = (config: Parameters<typeof exampleConfig>[0], hasCoder = false) =>
  desiredSettings(exampleConfig({ status_reports: "coder-mcp", ...config }), hasCoder);

test.each(["", "  \n"])("base_amp_config %j: defaults for unattended work", (base_amp_config) => {
  expect(desired({ base_amp_config })).toEqual({
    keys: { "amp.terminal.animation": false, "amp.notifications.enabled": false },
    mcpServers: {},
    requiredPermissions: [],
  });
});

test("a base_amp_config stands in place of the defaults", () => {
  expect(desired({ base_amp_config: '{"amp.a":1}' }).keys).toEqual({ "amp.a": 1 });
  expect(desired({ base_amp_config: "{}" }).keys).toEqual({});
});

test("dangerously_allow_all sets Amp's key; false leaves what the base says", () => {
  expect(desired({ base_amp_config: "{}", dangerously_allow_all: true }).keys).toEqual({
    "amp.dangerouslyAllowAll": true,
  });
  expect(desired({ base_amp_config: '{"amp.dangerouslyAllowAll":true}' }).keys).toEqual({
    "amp.dangerouslyAllowAll": true,
  });
  expect(desired({ base_amp_config: "{}" }).keys).toEqual({});
});

describe("updates", () => {
  test.each([
    ["0.0.1", "{}", "disabled"],
    ["0.0.1", '{"amp.updates.mode":"warn"}', "warn"],
    ["latest", "{}", undefined],
    ["", "{}", undefined],
    ["", '{"amp.updates.mode":"auto"}', "auto"],
  ])("amp_version %j with %s: amp.updates.mode is %s", (amp_version, base_amp_config, mode) => {
    expect(desired({ amp_version, base_amp_config }).keys["amp.updates.mode"]).toBe(mode);
  });
});

describe("updates of a runner", () => {
  test.each([
    ["0.0.1", "{}", false],
    ["0.0.1", '{"amp.updates.mode":"auto"}', false],
    ["0.0.1", '{"amp.runner.autoUpdate.enabled":true}', true],
    ["", "{}", undefined],
  ])("amp_version %j with %s: amp.runner.autoUpdate.enabled is %s", (amp_version, base_amp_config, expected) => {
    const { keys } = desired({ amp_version, base_amp_config, transport: "runner" });
    expect(keys["amp.runner.autoUpdate.enabled"]).toBe(expected);
    expect(desired({ amp_version }).keys).not.toHaveProperty("amp.runner.autoUpdate.enabled");
  });
});

describe("MCP servers", () => {
  test("of base_amp_config, mcp and status_reports; the later one wins", () => {
    const base_amp_config = JSON.stringify({
      "amp.mcpServers": { a: { command: "base" }, b: { command: "base" }, coder: { command: "base" } },
    });
    const { keys, mcpServers } = desired(
      { base_amp_config, mcp: '{"b":{"url":"mcp"},"c":{"url":"mcp"}}' },
      true,
    );
    expect(keys).toEqual({});
    expect(mcpServers).toEqual({
      a: { command: "base" },
      b: { url: "mcp" },
      c: { url: "mcp" },
      coder: CODER,
    });
  });

  test("remote ones give way to the template's own", () => {
    const config = exampleConfig({ mcp: '{"a":{"url":"own"}}' });
    expect(desiredSettings(config, false, { a: { url: "remote" }, r: { url: "remote" } }).mcpServers).toEqual(
      {
        a: { url: "own" },
        r: { url: "remote" },
      },
    );
  });

  test("the second instance's server names its own slug and port", () => {
    const { mcpServers } = desired({ app_slug: "two", agentapi_port: 3300 }, true);
    expect(mcpServers["coder"]).toMatchObject({
      env: { CODER_MCP_APP_STATUS_SLUG: "two", CODER_MCP_AI_AGENTAPI_URL: "http://localhost:3300" },
    });
  });
});

describe("status_reports", () => {
  test.each([
    ["coder-mcp" as const, true, { coder: CODER }, [RULE]],
    ["coder-mcp" as const, false, {}, []],
    ["plugin" as const, true, {}, []],
    ["off" as const, true, {}, []],
  ])("%s, coder on PATH %s", (status_reports, hasCoder, mcpServers, requiredPermissions) => {
    expect(desired({ status_reports }, hasCoder)).toEqual(
      expect.objectContaining({ mcpServers, requiredPermissions }),
    );
  });

  test("a template's own list gets the rule in front, unless it has one for the same tool", () => {
    const own = (permissions: object[]) =>
      desired({ base_amp_config: JSON.stringify({ "amp.permissions": permissions }) }, true);
    const bash = { tool: "Bash", action: "reject" };
    expect(own([bash]).keys["amp.permissions"]).toEqual([RULE, bash]);
    expect(own([]).keys["amp.permissions"]).toEqual([RULE]);
    const rejecting = { tool: "mcp__coder__*", action: "reject" };
    expect(own([bash, rejecting]).keys["amp.permissions"]).toEqual([bash, rejecting]);
    expect(own([bash]).requiredPermissions).toEqual([]);
  });
});

test("withRule does not change the list it is given, nor stumble over what is no rule", () => {
  const list = Object.freeze([1, null, "x", ["tool"]]) as never;
  expect(withRule(list, RULE)).toEqual([RULE, 1, null, "x", ["tool"]]);
});
