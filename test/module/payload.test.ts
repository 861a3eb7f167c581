import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Config, parseConfig } from "../../src/config.ts";
import { moduleVariables } from "../../tools/variables.ts";
import { exampleConfig } from "../start/example.ts";
import { awkwardPrompt } from "../support/awkward-prompt.ts";
import { payloadText } from "../support/payload.ts";
import { type ApplyOptions, applyModule, moduleRoot, testAgentId } from "../support/terraform.ts";

/** Keys that are no variable's name, and what they are made of. */
const computed: Partial<Record<keyof Config, string>> = {
  task_id: "task",
  status_app: "app_slug, web_app, cli_app",
  acp_bundle_sha256: "transport",
  warnings: "base_amp_config, managed_settings, additional_mcp_servers",
};

/** Another value than the default for every variable in the payload. A key that is missing here fails a test below. */
const other: Partial<Config> = {
  workdir: "$HOME/my project",
  ai_prompt: awkwardPrompt,
  instruction_prompt: "# Rules\n- 'none'\n",
  mode: "high",
  base_amp_config: '{ "amp.notifications.enabled": false }',
  mcp: '{"docs":{"url":"https://mcp.example.com"}}',
  mcp_config_remote_path: ["https://mcp.example.com/team.json", "http://10.0.0.1/x"],
  dangerously_allow_all: true,
  managed_settings: '{"amp.showCosts":false}',
  managed_settings_sudo: true,
  workspace_trust: false,
  install_amp: false,
  install_via_npm: true,
  amp_version: "0.0.1790142911-g7618fb",
  amp_update_check_hours: 0.5,
  amp_installer_url: "https://mirror.example.com/install.sh",
  npm_registry_url: "https://npm.example.com",
  install_agentapi: false,
  agentapi_version: "v0.12.0",
  agentapi_download_url: "https://mirror.example.com/agentapi",
  agentapi_sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  agentapi_port: 4000,
  agentapi_allowed_hosts: ["chat.example.com", "[2001:db8::1]"],
  app_slug: "amp-two",
  web_app: false,
  cli_app: true,
  status_reports: "off",
  task_log_snapshot: false,
  continue: false,
  thread_id: "https://ampcode.com/threads/T-0199c0de-1234",
  thread_visibility: "workspace",
  thread_labels: ["ci", "a-b"],
  enable_state_persistence: false,
  enable_boundary: true,
  approval_channel: "terminal",
  approval_timeout: 60,
  boundary_config: 'allow:\n  - "*.example.com"\n',
  log_level: "debug",
};
/** Those that others exclude, or that change another key as well. */
const alone: [Record<string, unknown>, Partial<Config>][] = [
  [{ enable_agentapi: false }, { status_app: "" }],
  [{ transport: "stream" }, { acp_bundle_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
  [{ transport: "runner" }, { enable_agentapi: false, status_app: "" }],
  [{ subdomain: false }, { agent_id: testAgentId }],
  [{ agentapi_sha256: "AB".repeat(32) }, { agentapi_sha256: "ab".repeat(32) }],
];

async function payloadOf(options: ApplyOptions): Promise<string> {
  const variables = { workdir: "~/project", ...options.variables };
  const { resources } = await applyModule({ ...options, variables });
  return payloadText(String(resources["coder_script.start"]?.values["script"]));
}

test("a template that sets nothing gets the variables' defaults", async () => {
  const text = await payloadOf({});
  expect(JSON.parse(text)).toEqual(exampleConfig());
});

test("HCL and the CLI have the same keys: every one is a variable's name, or computed from one", async () => {
  const text = await payloadOf({});
  const keys = Object.keys(JSON.parse(text)).toSorted();
  // The schema passes over what it does not know, and refuses a payload that lacks a key.
  expect(Object.keys(parseConfig(text)).toSorted()).toEqual(keys);
  const names = moduleVariables().map(({ name }) => name);
  expect(keys.filter((key) => !names.includes(key))).toEqual(Object.keys(computed).toSorted());
});

test("every input reaches the payload as it is", async () => {
  const expected = exampleConfig({ ...other, status_app: "amp-two-cli" });
  expect(JSON.parse(await payloadOf({ variables: other }))).toEqual(expected);
});

test.each(alone)("%o reaches the payload", async (variables, more) => {
  const expected = { ...exampleConfig(variables), ...more };
  expect(JSON.parse(await payloadOf({ variables }))).toEqual(expected);
});

test("no variable of the payload is left out of the tests above", () => {
  const plain: Record<string, unknown> = { ...exampleConfig() };
  const others: Record<string, unknown> = { ...Object.assign({}, ...alone.flat()), ...other };
  const same = Object.keys(plain).filter(
    (key) => !(key in computed) && JSON.stringify(others[key] ?? plain[key]) === JSON.stringify(plain[key]),
  );
  expect(same).toEqual([]);
});

test("a Task's prompt and id are in the payload", async () => {
  const id = "7d0f3a52-2c7b-4d3c-9a53-0b6b5d0a9f11";
  const text = await payloadOf({ task: { id, prompt: "Count the files" } });
  expect(JSON.parse(text)).toEqual(exampleConfig({ task_id: id, ai_prompt: "Count the files" }));
});

test("every variable is read outside of its own block", () => {
  const files = readdirSync(moduleRoot).filter((file) => file.endsWith(".tf"));
  const text = files.map((file) => readFileSync(join(moduleRoot, file), "utf8")).join("\n");
  const rest = text.replace(/^variable "\w+" \{\n.*?^\}/gms, "");
  const unread = moduleVariables().filter(({ name }) => !new RegExp(`\\bvar\\.${name}\\b`).test(rest));
  expect(unread.map(({ name }) => name)).toEqual([]);
});

test("the module asks the provider for nothing that knows of Tasks", async () => {
  const { resources } = await applyModule({
    variables: { workdir: "~/project", amp_api_key: "key", amp_url: "https://a.example.com", cli_app: true },
    task: { prompt: "Count the files" },
  });
  const types = new Set(Object.values(resources).map(({ type, mode }) => `${mode} ${type}`));
  expect([...types].sort()).toEqual(["managed coder_app", "managed coder_env", "managed coder_script"]);
});
