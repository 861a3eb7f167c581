import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { managedText } from "../../../src/amp/managed-settings.ts";
import type { Check } from "../../../src/operate/doctor/check.ts";
import { CHECKS } from "../../../src/operate/doctor/checks.ts";
import { examine } from "../../../src/operate/doctor/examine.ts";
import { keyProblem } from "../../../src/operate/doctor/key.ts";
import { subjectOf } from "../../../src/operate/doctor/subject.ts";
import { accept, projectTrust } from "../../../src/project-trust.ts";
import { defaultVersion } from "../../support/default-release.ts";
import { freePort } from "../../support/free-port.ts";
import { ampBody, CANARY, examineIt, healthyWorkspace, testKey, type Workspace } from "./subject.ts";

let workspace: Workspace;
beforeEach(async () => {
  workspace = await healthyWorkspace();
});
afterEach(() => workspace.dispose());

test("every check has a name of its own", () => {
  const names = CHECKS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test("a check that never ends holds nothing up: the others are told, and it is called not known", async () => {
  const never: Check = { name: "never", group: "Agent", look: () => new Promise(() => {}) };
  const fine: Check = { name: "fine", group: "Logs", look: () => ({ state: "ok", text: "fine" }) };
  const { lines } = await examine(workspace, [never, fine]);
  expect(lines.find(({ name }) => name === "fine")).toMatchObject({ state: "ok" });
  expect(lines.find(({ name }) => name === "never")).toMatchObject({
    state: "note",
    text: expect.stringMatching(/no answer within/),
  });
});

test("what cannot even be looked at is wrong, and the others are told", async () => {
  rmSync(workspace.paths.ampSettings);
  mkdirSync(workspace.paths.ampSettings);
  const { of, states } = await examineIt(workspace);
  expect(of("settings file")).toMatch(/^wrong: .*EISDIR.*Remove what is in its place/);
  expect(states("workdir")).toEqual(["ok"]);
});

test.each([
  ["no configuration", "", /config\.json does not exist/],
  ["half a configuration", '{"agent_id": ', /not JSON: it was changed by hand or cut short/],
  ["one of another release", '{"agent_id": ""}', /does not fit this version of the module: workdir/],
])("%s: that is the one thing wrong, and what needs none is looked at", async (_, text, cause) => {
  const { paths, env, system, write } = workspace;
  if (text === "") rmSync(paths.config);
  else write(paths.config, text);
  const subject = { ...subjectOf(paths.bundle, env), system };
  const { lines, isHealthy } = await examine(subject);
  expect(isHealthy).toBe(false);
  expect(lines.filter(({ state }) => state === "wrong")).toEqual([
    expect.objectContaining({
      name: "config.json",
      text: expect.stringMatching(cause),
      fix: expect.stringMatching(/^Restart the workspace/),
    }),
  ]);
  expect(lines.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["home", "disk", "Amp server", "settings file"]),
  );
  expect(JSON.stringify(lines)).not.toContain(CANARY);
});

test("another user's module: only whose it is, since everything else would be told by another home", async () => {
  workspace.system.uid = 4711;
  const { report } = await examineIt(workspace);
  expect(report.lines).toHaveLength(1);
  expect(report.lines[0]).toMatchObject({ name: "user", state: "wrong" });
});

test("the real system: its user, its room and its rights", () => {
  const { system } = subjectOf(workspace.paths.bundle, workspace.env);
  expect(system.uid).toBe(process.getuid?.());
  expect(system.room(workspace.paths.home)?.bytes).toBeGreaterThan(0);
  expect(system.room("/gone")).toBeUndefined();
  expect(system.isWritable(workspace.paths.home)).toBe(true);
  expect(system.isWritable("/gone")).toBe(false);
});

test("a named pipe in place of the settings is named and holds nothing up", async () => {
  rmSync(workspace.paths.ampSettings);
  spawnSync("mkfifo", [workspace.paths.ampSettings]);
  expect((await examineIt(workspace)).of("settings file")).toMatch(/wrong: .*is a named pipe/);
});

test("permissions in force by source: managed, workspace, the template's", async () => {
  const { paths, system, write, config } = workspace;
  const rules = [{ tool: "Read", action: "allow" }];
  config.base_amp_config = JSON.stringify({ "amp.permissions": rules });
  workspace.program(
    join(paths.home, ".amp/bin/amp"),
    ampBody("0.0.1-gabc", `"permissions list"*) echo '${JSON.stringify(rules)}' ;;`),
  );
  write(paths.ampSettings, JSON.stringify({ "amp.permissions": rules }));
  write(join(paths.home, "project/.amp/settings.json"), '{"amp.dangerouslyAllowAll": true}');
  write(system.managedSettings, '{"amp.dangerouslyAllowAll": false}');
  const { of } = await examineIt(workspace);
  expect(of("permissions")).toMatch(
    /^ok: managed \(.*managed-settings\.json\): dangerouslyAllowAll = false; workspace \(.*\): dangerouslyAllowAll = true; user settings, of the template: permissions \(1\); then Amp's built-in rules$/,
  );
  expect(of("permission rules")).toBe("ok: Amp reads 1 rule of the user's");
});

test("managed_settings in force, differing and missing", async () => {
  const { system, write, config } = workspace;
  config.managed_settings = '{"amp.permissions":[{"tool":"Bash","action":"reject"}]}';
  expect((await examineIt(workspace)).of("managed settings")).toMatch(
    /^wrong: .* does not exist: .* do not hold/,
  );
  write(system.managedSettings, "{}");
  expect((await examineIt(workspace)).of("managed settings")).toMatch(
    /^wrong: .* differs from managed_settings/,
  );
  write(system.managedSettings, managedText(config.managed_settings));
  expect((await examineIt(workspace)).of("managed settings")).toMatch(/^ok: .* is as managed_settings says/);
});

test("workspace_trust = false: a project's files that nobody has accepted, and accepted ones", async () => {
  const { paths, write, config } = workspace;
  config.workspace_trust = false;
  const project = join(paths.home, "project");
  write(join(project, ".amp/settings.json"), "{}");
  expect((await examineIt(workspace)).of("repository")).toBe(
    `wrong: nobody has accepted ${project}/.amp/settings.json: Amp is not started here To fix it: Read them, then run \`amp-module trust\`.`,
  );
  accept(projectTrust(project, paths), paths);
  expect((await examineIt(workspace)).of("repository")).toMatch(/^ok: the project's .* are accepted/);
});

test("a prebaked Amp and AgentAPI are found where the install finds them", async () => {
  const { paths, program } = workspace;
  rmSync(join(paths.home, ".amp"), { recursive: true });
  rmSync(paths.agentapi);
  paths.prebaked = join(paths.home, "prebaked");
  program(join(paths.prebaked, "bin/amp"), ampBody("0.0.3-gabc"));
  program(join(paths.prebaked, "bin/agentapi"), `echo agentapi version ${defaultVersion}`);
  const { of, report } = await examineIt(workspace);
  expect(of("Amp")).toBe(`ok: Amp 0.0.3-gabc in ${paths.prebaked}/bin/amp`);
  expect(of("AgentAPI")).toBe(`ok: AgentAPI ${defaultVersion} in ${paths.prebaked}/bin/agentapi`);
  expect(report.isHealthy).toBe(true);
});

test("a working Amp behind a broken one is found, and a hung one in front holds up nothing", async () => {
  const { paths, program } = workspace;
  program(join(paths.home, "path/amp"), ampBody("0.0.2-gabc"));
  program(join(paths.home, ".amp/bin/amp"), "exit 1");
  expect((await examineIt(workspace)).of("Amp")).toContain(`0.0.2-gabc in ${paths.home}/path/amp`);
});

test("a server that listens on loopback only is open to nobody else", async () => {
  for (const host of ["::", "0.0.0.0", "127.0.0.1"]) {
    const open = createServer();
    await new Promise<void>((resolve) => open.listen(0, host, resolve));
    workspace.config.agentapi_port = (open.address() as AddressInfo).port;
    const { of } = await examineIt(workspace);
    expect(of("reach"), host).toMatch(host === "127.0.0.1" ? /^$/ : /^note: .*every address/);
    open.close();
  }
});

test("without a wanted AgentAPI neither it nor its server is missed, and without reports no coder", async () => {
  const { config, paths } = workspace;
  Object.assign(config, { enable_agentapi: false, status_reports: "off", agentapi_port: await freePort() });
  rmSync(paths.agentapi);
  rmSync(paths.running);
  rmSync(join(paths.home, "path/coder"));
  const { report, of } = await examineIt(workspace);
  expect(report.isHealthy).toBe(true);
  expect(of("AgentAPI")).toContain("enable_agentapi is false");
  expect(of("progress reports") + of("Coder's token")).toBe("");
});

test("two instances: each with its own command", async () => {
  const { paths, config, write } = workspace;
  const other = { ...config, app_slug: "two", agentapi_port: await freePort() };
  write(join(paths.home, ".amp-module-two/config.json"), JSON.stringify(other));
  expect((await examineIt(workspace)).of("other instances")).toMatch(
    /^ok: also here: two \(.*\.amp-module-two\/bin\/amp-module\); `amp-module` is not on PATH$/,
  );
});

test("keys: Amp's own pass, and of what is none nothing is repeated", () => {
  expect(keyProblem(testKey)).toBeUndefined();
  expect(keyProblem(`sgamp_sa_${CANARY}`)).toBeUndefined();
  for (const bad of [
    "sk-ant-api03-x",
    "sk-x",
    "ghp_x",
    "github_pat_x",
    "glpat-x",
    "AIzaX",
    "your-api-key",
    "CHANGE_ME",
    "xxxx",
    "$KEY",
    "a b",
    " ",
  ]) {
    const problem = keyProblem(`${bad}`);
    expect(problem, bad).toBeDefined();
    if (bad.trim().length > 4) expect(problem).not.toContain(bad);
  }
  expect(keyProblem("sk-ant-x")).toContain("Anthropic");
  expect(keyProblem("ghp_x")).toContain("GitHub");
});

test("a key of somebody else's is not sent to Amp's server", async () => {
  const sent: unknown[] = [];
  workspace.ampServer.answer = (request, response) => {
    sent.push(request.headers.authorization);
    response.end('{"ok":true}');
  };
  workspace.env["AMP_API_KEY"] = `sk-ant-${CANARY}`;
  await examineIt(workspace);
  workspace.env["AMP_API_KEY"] = testKey;
  await examineIt(workspace);
  expect(sent).toEqual([undefined, `Bearer ${testKey}`]);
});
