import { expect, test } from "vitest";
import type { Config } from "../../src/config.ts";
import { promptDigest } from "../../src/conversation/prompt.ts";
import { configurationDigest } from "../../src/start/configuration.ts";
import { defaultVersion } from "../support/default-release.ts";
import { exampleConfig } from "./example.ts";

const command = { file: "/opt/agentapi", args: ["server", "--", "amp"] };
const versions = ["0.0.1", defaultVersion];
const env = { AMP_API_KEY: "sgamp_user_one", AMP_URL: "https://amp.example.com", PATH: "/bin" };
const digest = (
  config: Partial<Config> = {},
  rest: { command?: object; versions?: string[]; env?: object } = {},
) =>
  configurationDigest(exampleConfig(config), { ...command, ...rest.command }, rest.versions ?? versions, {
    ...env,
    ...rest.env,
  });

test("the same configuration has the same digest", () => {
  expect(digest()).toBe(digest());
});

test.each([
  { ai_prompt: "another" },
  { log_level: "debug" as const },
])("%o needs no new AgentAPI", (config) => {
  expect(digest(config)).toBe(digest());
});

test.each<Partial<Config>>([
  { workdir: "~/other" },
  { mode: "ultra" },
  { base_amp_config: '{"amp.showCosts":true}' },
  { mcp: "{}" },
  { instruction_prompt: "Be brief." },
  { dangerously_allow_all: true },
  { subdomain: false },
  { app_slug: "amp-2" },
  { status_reports: "off" },
  { agentapi_port: 4711 },
])("%o needs a new one", (config) => {
  expect(digest(config)).not.toBe(digest());
});

test.each([
  { command: { args: ["server", "--", "amp", "--mode", "ultra"] } },
  { command: { file: "/usr/bin/agentapi" } },
  { versions: ["0.0.2", defaultVersion] },
  { versions: ["0.0.1", "0.13.0"] },
  { env: { AMP_API_KEY: "sgamp_user_two" } },
  { env: { AMP_URL: "https://other.example.com" } },
])("another program, version, key or server needs a new one: %o", (rest) => {
  expect(digest({}, rest)).not.toBe(digest());
});

test("a variable that has nothing to do with it does not", () => {
  expect(digest({}, { env: { PATH: "/usr/bin" } })).toBe(digest());
});

test("neither digest shows what went into it", () => {
  expect(digest()).toMatch(/^[0-9a-f]{64}$/);
  expect(promptDigest("secret plan")).toMatch(/^[0-9a-f]{64}$/);
});

test("no prompt has no digest", () => {
  expect(promptDigest("")).toBe("");
});
