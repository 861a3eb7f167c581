import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, expect, test } from "vitest";
import type { Workspace } from "../support/workspace.ts";
import { answered, serverPid, started, stateFile, timesAsked, workspaces } from "./workspace.ts";

const { create, dispose } = workspaces();
afterEach(dispose);

const task = { prompt: "Count the files" };
const web = (ws: Workspace) =>
  Object.values(ws.plan).filter(({ name, type }) => type === "coder_app" && name === "web");
const syncCalls = async (ws: Workspace) =>
  (await ws.coderCalls()).filter(([, command]) => command === "sync").map((args) => args.slice(2).join(" "));
const settings = async (ws: Workspace) =>
  JSON.parse(await readFile(join(ws.home, ".config/amp/settings.json"), "utf8")) as Record<string, unknown>;

test("a Task has one chat app, whose id is task_app_id, its prompt, and reports with the tools of coder if that is asked for", async () => {
  const variables = { web_app: false, status_reports: "coder-mcp" };
  const ws = await create({ task, variables, coder: true });
  expect(web(ws).length).toBe(1);
  expect(ws.outputs["task_app_id"]).toBe(web(ws)[0]?.values["id"]);
  expect(ws.aiTask).toMatchObject({ app_id: ws.outputs["task_app_id"], enabled: true });
  expect(ws.outputs["scripts"]).toEqual(["amp-install", "amp-start"]);
  await started(ws);
  await answered(ws, task.prompt);
  const [{ text = "" } = {}, ...others] = await ws.prompts();
  expect(others).toEqual([]);
  expect(text).toMatch(/^Count the files\n\nReport your progress to Coder with the coder_report_task tool/);
  expect(await timesAsked(ws, text)).toBe(1);
  expect(await settings(ws)).toMatchObject({
    "amp.mcpServers": {
      coder: {
        command: "coder",
        args: ["exp", "mcp", "server"],
        env: {
          CODER_MCP_APP_STATUS_SLUG: "amp",
          CODER_MCP_AI_AGENTAPI_URL: `http://localhost:${ws.port}`,
        },
      },
    },
  });
  // One rule alone would switch Amp's permission system on.
  expect(await settings(ws)).not.toHaveProperty(["amp.permissions"]);
  expect(await syncCalls(ws)).toEqual([
    "start amp-install",
    "complete amp-install",
    "start amp-start",
    "complete amp-start",
  ]);
});

test("a template of the older module hands over the prompt alone, and it reaches Amp", async () => {
  const ws = await started(await create({ task: { ...task, through: "ai_prompt" } }));
  expect(ws.aiTask).toMatchObject({ app_id: web(ws)[0]?.values["id"], prompt: task.prompt });
  await answered(ws, task.prompt);
  expect((await ws.prompts()).map(({ text }) => text)).toEqual([task.prompt]);
});

test("such a template with web_app = false is refused at plan time, since coder_ai_task has no app", async () => {
  await expect(
    create({ task: { ...task, through: "ai_prompt" }, variables: { web_app: false } }),
  ).rejects.toThrow(/expected "app_id" to be a valid UUID/);
});

test("without a coder command there is no MCP server named coder and no request to report, and the log says so", async () => {
  const ws = await started(await create({ task }));
  await answered(ws, task.prompt);
  expect((await ws.prompts()).map(({ text }) => text)).toEqual([task.prompt]);
  expect((await settings(ws))["amp.mcpServers"] ?? {}).not.toHaveProperty("coder");
  expect(await ws.log("install")).toMatch(/Status: wrote the plugin/);
});

test("outside of a Task there is no Task's app, and nothing waits for a Task", async () => {
  const ws = await create({ variables: { web_app: false } });
  expect(web(ws)).toEqual([]);
  expect(ws.outputs["task_app_id"]).toBe("");
  expect(ws.aiTask).toBeUndefined();
});

test("scripts that wait are let go after a failure, too; an agent without sync is asked once", async () => {
  const ws = await create({ coder: true, standIn: { exitAfterMs: 50 } });
  expect((await ws.start()).exitCode).toBe(1);
  expect(await syncCalls(ws)).toEqual([
    "start amp-install",
    "complete amp-install",
    "start amp-start",
    "complete amp-start",
  ]);
  const old = await create({ coder: true, env: { CODER_STANDIN: JSON.stringify({ syncExitCode: 1 }) } });
  await started(old);
  expect(await syncCalls(old)).toEqual(["start amp-install"]);
});

test("enable_agentapi = false: installs, configures and gives a terminal app that runs Amp on its thread", async () => {
  const ws = await started(
    await create({
      agentapi: "none",
      variables: { enable_agentapi: false, cli_app: true },
      // Whoever opens the terminal may go through the tour.
      standIn: { tour: "none" },
    }),
  );
  expect(await ws.processes()).toEqual([]);
  await stat(join(ws.home, ".config/amp/settings.json"));
  await stat(ws.workdir);
  const { threadId: id } = JSON.parse(await stateFile(ws, "thread.json")) as { threadId: string };
  const command = String(Object.values(ws.plan).find(({ type }) => type === "coder_app")?.values["command"]);
  const inputBox = /╭─+ .*medium ─╮[\s\S]*~\/project ─╯/;
  expect(await onTerminal(ws, command, inputBox)).toMatch(inputBox);
  expect((await ws.ampCalls()).at(-1)).toEqual(["threads", "continue", id]);
  expect((await ws.stop()).exitCode).toBe(0);
});

test("a Task without AgentAPI fails the plan", async () => {
  await expect(create({ task, variables: { enable_agentapi: false } })).rejects.toThrow(
    /enable_agentapi is false[\s\S]*Task/,
  );
});

test("subdomain = false: the chat is served below the path that Coder gives the app", async () => {
  const ws = await started(await create({ variables: { subdomain: false } }));
  const environment = await readFile(`/proc/${await serverPid(ws)}/environ`, "utf8");
  expect(environment.split("\0")).toContain("AGENTAPI_CHAT_BASE_PATH=/@alice/dev.main/apps/amp/chat");
});

test("enable_boundary runs Amp inside coder boundary, with its configuration", async () => {
  const boundary = { enable_boundary: true, boundary_config: "allow:\n  - domain=*.example.com\n" };
  const ws = await started(
    await create({
      coder: true,
      variables: { ...boundary, ai_prompt: task.prompt, status_reports: "off" },
      env: { CODER_STANDIN: JSON.stringify({ boundary: true }) },
    }),
  );
  await answered(ws, task.prompt);
  const call = (await ws.coderCalls()).find(([command, next]) => command === "boundary" && next === "--");
  expect(call?.[2]).toMatch(/\/amp$/);
  expect(call?.slice(3, 5)).toEqual(["threads", "continue"]);
  const config = (await readFile(join(ws.root, "coder-calls-boundary"), "utf8")).trim();
  expect(await readFile(config, "utf8")).toBe(boundary.boundary_config);
  expect((await ws.stop()).exitCode).toBe(0);
  expect(await ws.processes()).toEqual([]);

  const without = await create({ coder: true, variables: { enable_boundary: true } });
  const result = await without.start();
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toMatch(/has no command "boundary"[\s\S]*enable_boundary = false/);
  expect(await without.processes()).toEqual([]);
  const nothing = await create({ variables: { enable_boundary: true } });
  expect((await nothing.start()).stderr).toMatch(/no `coder` command on PATH[\s\S]*enable_boundary = false/);
});

/** What a terminal app shows until `last` has come, run on a terminal as the Coder agent does. */
async function onTerminal(ws: Workspace, command: string, last: RegExp): Promise<string> {
  const app = execa("script", ["-qfec", command, "/dev/null"], {
    env: { ...ws.env, TERM: "xterm-256color" },
    extendEnv: false,
    reject: false,
    timeout: 30_000,
  });
  let shown = "";
  app.stdout.on("data", (text) => {
    shown += text;
    if (last.test(shown)) app.kill();
  });
  await app;
  return shown;
}
