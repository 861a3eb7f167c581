import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test } from "vitest";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
import { type AmpServer, startAmpServer } from "../support/amp-server.ts";
import { eventually, watchConfiguration } from "../support/seen-configuration.ts";
import { moduleRoot } from "../support/terraform.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

let workspace: Workspace | undefined;
let server: AmpServer | undefined;
afterEach(async () => {
  await workspace?.dispose();
  await server?.close();
});
beforeAll(async () => {
  if (!(await findRealAmp())) throw new Error(`the real Amp cannot be had: ${whyNoRealAmp()}`);
});

interface Running {
  /** The plugins of its own that Amp loaded. */
  internalPlugins: string[];
  configuration: { permissions?: unknown };
  /** What Amp does with a shell command. */
  verdict(command: string): Promise<string>;
  ws: Workspace;
}

/**
 * The real Amp under AgentAPI, in a workspace with a `coder` command.
 *
 * @param settings the user's settings file
 * @param applied what an earlier start recorded as set by the module
 */
async function running(
  variables: Record<string, unknown> = {},
  settings?: object,
  applied?: object,
): Promise<Running> {
  server = await startAmpServer();
  workspace = await createWorkspace({
    ampServer: server,
    coder: true,
    variables,
    env: { AMP_LOG_LEVEL: "debug" },
  });
  const ws = workspace;
  const ampLog = join(ws.root, "amp.log");
  const amp = '"$HOME/.amp/bin/amp" --no-color';
  const seen = await watchConfiguration(ws);
  await mkdir(join(ws.moduleDir, "state"), { recursive: true });
  if (applied) await writeFile(join(ws.moduleDir, "state/applied-settings.json"), JSON.stringify(applied));
  if (settings) await writeFile(join(ws.home, ".config/amp/settings.json"), JSON.stringify(settings));

  const { exitCode, stdout, stderr } = await ws.start({
    env: { ...seen.env, AMP_LOG_FILE: ampLog },
  });
  expect(exitCode, stdout + stderr).toBe(0);
  const started = await eventually(async () =>
    (await readFile(ampLog, "utf8")).split("\n").find((line) => line.includes('"internalPlugins"')),
  );
  const configuration = await seen.configuration();
  return {
    internalPlugins: JSON.parse(started).internalPlugins,
    configuration,
    async verdict(command) {
      const test = await ws.run(`${amp} permissions test --json shell_command --command '${command}'`);
      return JSON.parse(test.stdout).action;
    },
    ws,
  };
}

const readme = await readFile(join(moduleRoot, "README.md"), "utf8");
const OURS = { tool: "mcp__coder__*", action: "allow" };

/** The list in the README's example, with Terraform's syntax read as JSON. */
function exampleRules(): Record<string, unknown>[] {
  const [, list = ""] = readme.match(/"amp\.permissions" = (\[\n[\s\S]*?\n {4}\])/) ?? [];
  return JSON.parse(list.replace(/\b(\w+) = /g, '"$1": ').replace(/,(\s*\])/, "$1"));
}

/** The commands that a row of the README's table names. */
function commandsIn(row: "ask" | "allow"): string[] {
  const [, cell = ""] = readme.match(new RegExp(`^\\| ${row} +\\| (.*?) +\\|$`, "m")) ?? [];
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, command = ""]) => command);
}

test.each([
  ["plugin", []],
  ["coder-mcp", ["coder"]],
])("status_reports = %j with a `coder` command: Amp's permission system stays off", async (status_reports, servers) => {
  const { internalPlugins, configuration, ws } = await running({ status_reports });
  expect(internalPlugins).toEqual(["thread-visibility"]);
  expect(configuration).not.toHaveProperty("permissions");
  const settings = JSON.parse(await readFile(join(ws.home, ".config/amp/settings.json"), "utf8"));
  expect(Object.keys(settings["amp.mcpServers"] ?? {})).toEqual(servers);
});

test("a home in which an earlier version wrote the module's rule alone gets rid of it", async () => {
  const digest = createHash("sha256").update('{"action":"allow","tool":"mcp__coder__*"}').digest("hex");
  const { internalPlugins, configuration } = await running(
    {},
    { "amp.permissions": [OURS] },
    { '["amp.permissions",{"rule":"mcp__coder__*"}]': digest },
  );
  expect(internalPlugins).toEqual(["thread-visibility"]);
  expect(configuration).not.toHaveProperty("permissions");
});

test("the README's example: its rules are in force, behind the module's own", async () => {
  const rules = exampleRules();
  expect(rules.length).toBeGreaterThan(1);
  const base_amp_config = JSON.stringify({ "amp.permissions": rules });
  const { internalPlugins, configuration, verdict } = await running({
    base_amp_config,
    status_reports: "coder-mcp",
  });
  expect(internalPlugins).toEqual(["permissions", "thread-visibility"]);
  expect(configuration.permissions).toEqual([OURS, ...rules]);
  expect(await verdict("git -C . push origin")).toBe("reject");
  expect(await verdict("npm install")).toBe("allow");
});

// A start of Amp for each command of the table.
test("the user's one rule: Amp's own apply behind it, as the README says", { timeout: 300_000 }, async () => {
  const rule = { tool: "Bash", matches: { cmd: "*git*push*" }, action: "reject" };
  const { internalPlugins, configuration, verdict } = await running(
    { status_reports: "coder-mcp" },
    { "amp.permissions": [rule] },
  );
  expect(internalPlugins).toEqual(["permissions", "thread-visibility"]);
  expect(configuration.permissions).toEqual([OURS, rule]);
  for (const row of ["ask", "allow"] as const) {
    expect(commandsIn(row).length).toBeGreaterThan(4);
    for (const command of commandsIn(row)) expect([command, await verdict(command)]).toEqual([command, row]);
  }
});
