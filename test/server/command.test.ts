import { expect, test } from "vitest";
import type { AmpProbe } from "../../src/amp/probe.ts";
import { modulePaths } from "../../src/paths.ts";
import { agentCommand, serverCommand, serverEnvironment } from "../../src/server/command.ts";
import { exampleConfig } from "../start/example.ts";

const probe: AmpProbe = {
  path: "/home/alice/.amp/bin/amp",
  version: "0.0.1790142911-g7618fb",
  flags: ["--mode", "--execute"],
  modes: ["medium", "ultra"],
  hasPluginModes: false,
  commands: [],
};
const paths = modulePaths("/home/alice/.amp-module", "/home/alice");
const path = "/usr/bin:/bin";
const environment = (config = {}, env: NodeJS.ProcessEnv = {}) =>
  serverEnvironment(exampleConfig(config), paths, { PATH: path, ...env }, probe.path);

test("a plain Amp gets no argument", () => {
  expect(agentCommand(exampleConfig(), probe)).toEqual({
    command: { file: probe.path, args: [] },
    unsupported: [],
  });
});

test("the mode is an argument where this Amp has the flag, else it is reported as unsupported", () => {
  const config = exampleConfig({ mode: "ultra" });
  expect(agentCommand(config, probe).command.args).toEqual(["--mode", "ultra"]);
  const older = agentCommand(config, { ...probe, flags: ["--execute"] });
  expect(older).toEqual({ command: { file: probe.path, args: [] }, unsupported: ["mode"] });
});

test("an Amp that is a script runs on this process's runtime", () => {
  const { command } = agentCommand(exampleConfig({ mode: "ultra" }), { ...probe, path: "/opt/amp/main.js" });
  expect(command).toEqual({ file: process.execPath, args: ["/opt/amp/main.js", "--mode", "ultra"] });
});

test("a thread is continued; labels go with it, its visibility was set when it was opened", () => {
  const full = { ...probe, flags: ["--mode", "--label", "--visibility"] };
  const config = exampleConfig({ mode: "ultra", thread_labels: ["a", "b-c"], thread_visibility: "private" });
  expect(agentCommand(config, full, "T-1").command.args).toEqual([
    "threads",
    "continue",
    "T-1",
    "--mode",
    "ultra",
    "--label",
    "a",
    "--label",
    "b-c",
  ]);
  expect(agentCommand(config, full).command.args).toEqual([
    "--mode",
    "ultra",
    "--label",
    "a",
    "--label",
    "b-c",
    "--visibility",
    "private",
  ]);
  expect(agentCommand(config, probe).unsupported).toEqual(["thread_labels", "thread_visibility"]);
});

test("AgentAPI's arguments end at --, behind which the agent's stay as they are", () => {
  const agent = { file: "/opt/my amp/amp", args: ["--mode", "a b"] };
  const { file, args } = serverCommand(exampleConfig({ agentapi_port: 4711 }), "/opt/agentapi", agent);
  const end = args.indexOf("--");
  expect(file).toBe("/opt/agentapi");
  expect(args.slice(end + 1)).toEqual(["/opt/my amp/amp", "--mode", "a b"]);
  expect(args.slice(0, end).join(" ")).toBe(
    "server --type amp --port 4711 --term-width 67 --term-height 1190",
  );
});

test("the prompt, a secret or the instructions are in no argument", () => {
  const config = exampleConfig({ ai_prompt: "my prompt", instruction_prompt: "my rules", mode: "ultra" });
  const { args } = serverCommand(config, "/opt/agentapi", agentCommand(config, probe).command);
  expect(args.join(" ")).not.toMatch(/my prompt|my rules/);
});

test("a chat on a subdomain has no base path", () => {
  expect(environment({ subdomain: true })).not.toHaveProperty("AGENTAPI_CHAT_BASE_PATH");
});

test.each([
  ["all names", { CODER_WORKSPACE_AGENT_NAME: "main" }, "/@alice/dev.main/apps/amp-2/chat"],
  ["an agent without a name", {}, "/@alice/dev.agent-uuid/apps/amp-2/chat"],
  [
    "an agent with an empty name",
    { CODER_WORKSPACE_AGENT_NAME: "" },
    "/@alice/dev.agent-uuid/apps/amp-2/chat",
  ],
])("without a subdomain the base path comes from CODER_*: %s", (_, env, expected) => {
  const config = { subdomain: false, app_slug: "amp-2", agent_id: "agent-uuid" };
  const workspace = { CODER_WORKSPACE_OWNER_NAME: "alice", CODER_WORKSPACE_NAME: "dev" };
  expect(environment(config, { ...workspace, ...env })["AGENTAPI_CHAT_BASE_PATH"]).toBe(expected);
});

test("leftovers of another instance or an earlier process are dropped, everything else is passed on, a chosen runtime too", () => {
  const env = environment(
    { status_reports: "off" },
    {
      AGENTAPI_PORT: "9999",
      AGENTAPI_INITIAL_PROMPT: "old",
      AGENTAPI_CHAT_BASE_PATH: "/old",
      AMP_MODULE_RUNTIME: "bun",
      AMP_MODULE_PRE_INSTALL_DONE: "1",
      AMP_MODULE_STATUS_PLUGIN: "another",
      AGENT: "amp",
      AMP_API_KEY: "key",
      CODER_AGENT_TOKEN: "token",
      LANG: "de_DE.UTF-8",
      TERM: "screen",
      NOT_AGENTAPI_PORT: "kept",
    },
  );
  expect(
    Object.keys(env)
      .filter((name) => /^(AGENTAPI|AMP_MODULE)_/.test(name))
      .sort(),
  ).toEqual([
    "AGENTAPI_ALLOWED_HOSTS",
    "AGENTAPI_ALLOWED_ORIGINS",
    "AMP_MODULE_INSTANCE",
    "AMP_MODULE_RUNTIME",
  ]);
  expect(env).toMatchObject({
    AMP_API_KEY: "key",
    CODER_AGENT_TOKEN: "token",
    LANG: "de_DE.UTF-8",
    TERM: "screen",
    NOT_AGENTAPI_PORT: "kept",
  });
  // As if a tool of Amp's were starting it: a start by hand in the agent's own terminal is no less of a start.
  expect(env).not.toHaveProperty("AGENT");
  expect(environment({}, { AGENT: "other" })).toMatchObject({ AGENT: "other" });
});

test.each([
  undefined,
  "",
  "dumb",
])("a script has no terminal worth the name (TERM %s): Amp gets one", (term) => {
  const env = environment({}, term === undefined ? {} : { TERM: term });
  expect(env["TERM"]).toBe("xterm-256color");
  expect(env["LANG"]).toBe("C.UTF-8");
});

test("the started Amp and the module's own programs come first on PATH; no empty entry means the current folder", () => {
  expect(environment()["PATH"]).toBe(`/home/alice/.amp/bin:/home/alice/.amp-module/bin:${path}`);
  expect(environment({}, { PATH: "" })["PATH"]).toBe("/home/alice/.amp/bin:/home/alice/.amp-module/bin");
});

test.each([
  [{}, { AMP_MODULE_STATUS_APP: "amp", AMP_MODULE_STATUS_PLUGIN: "amp" }],
  [
    { app_slug: "two", status_app: "two-cli" },
    { AMP_MODULE_STATUS_APP: "two-cli", AMP_MODULE_STATUS_PLUGIN: "two" },
  ],
  // The agent in front of Amp reports, and not the plugin below it as well.
  [{ transport: "stream" }, { AMP_MODULE_STATUS_APP: "amp" }],
  [{ status_app: "" }, {}],
  [{ status_reports: "coder-mcp" }, {}],
  [{ status_reports: "off" }, {}],
])("%o: who is to report a status, and beside which app", (config, wanted) => {
  const told = Object.entries(environment(config)).filter(([name]) => name.startsWith("AMP_MODULE_STATUS_"));
  expect(Object.fromEntries(told)).toEqual(wanted);
});

test.each([
  [{}, "1800"],
  [{ approval_timeout: 0 }, undefined],
  // There the stream agent counts, or nobody could press the keys.
  [{ transport: "stream" }, undefined],
  [{ enable_agentapi: false }, undefined],
  [{ status_reports: "off" }, undefined],
])("%o: how long the plugin lets Amp's dialog wait", (config, wanted) => {
  expect(environment(config)["AMP_MODULE_APPROVAL_TIMEOUT"]).toBe(wanted);
});
