import { randomUUID } from "node:crypto";
import { realpathSync } from "node:fs";
import { execa } from "execa";
import { afterEach, expect, test } from "vitest";
import { type AmpServer, startAmpServer } from "../support/amp-server.ts";
import { type CoderApi, startCoderApi } from "../support/coder-api.ts";
import { createWorkspace, testAgentToken, type Workspace } from "../support/workspace.ts";

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A workspace in which the real Amp is to be a runner of its stand-in server, with a Coder on loopback. */
async function setUp(
  variables: Record<string, unknown> = {},
): Promise<{ ws: Workspace; server: AmpServer; coder: CoderApi }> {
  const coder = await startCoderApi({ token: testAgentToken, taskId: "none", answer: 404 });
  ends.push(() => coder.close());
  const server = await startAmpServer();
  server.turn = { tools: [{ name: "shell_command", args: { command: "sleep 3" } }], ends: "done" };
  ends.push(() => server.close());
  const ws = await createWorkspace({
    ampServer: server,
    agentapi: "none",
    variables: { transport: "runner", cli_app: true, install_amp: false, ...variables },
    env: { CODER_AGENT_URL: coder.url },
  });
  ends.push(() => ws.dispose());
  return { ws, server, coder };
}

/** A script that takes longer hangs: it is ended, and the test fails. */
const IN_TIME = { timeoutMs: 120_000 };
const amp = '"$HOME/.amp/bin/amp"';
const tool = (ws: Workspace, args: string) => ws.run(`"${ws.moduleDir}/bin/amp-module" ${args}`);
const runners = async (ws: Workspace) =>
  (await ws.processes()).filter(
    ({ cmdline }) => / --no-tui$/.test(cmdline) && !/supervisor\.sh/.test(cmdline),
  );
const listed = async (ws: Workspace) => {
  const { stdout } = await ws.run(`${amp} runner list --json`);
  return (JSON.parse(stdout) as { runners: { workingDirectory: string }[] }).runners;
};

test("a runner's life: ready, left alone, at work for the site, killed and back, stopped", async () => {
  // At a closed port: a start that asks for an installer fails or warns.
  const { ws, server, coder } = await setUp({
    install_amp: true,
    amp_installer_url: "http://127.0.0.1:9/install.sh",
  });
  const started = await ws.start(IN_TIME);
  expect(started).toMatchObject({ exitCode: 0, stderr: "" });
  expect(started.stdout).toMatch(/✓ Amp \S+ is a runner in ~\/project, \d/);
  const log = await ws.log("agentapi-start");
  expect(log).toMatch(/INFO {2}Command: \S+\/amp --no-tui\n/);
  expect(log).toContain(`INFO  Amp's site knows it: begin threads on ${server.url}.`);
  expect(await listed(ws)).toMatchObject([{ workingDirectory: realpathSync(ws.workdir) }]);
  const everything = (await ws.processes()).map(({ cmdline }) => cmdline).join("\n");
  expect(everything).not.toMatch(/agentapi .*server/);

  // Nothing of ours asks anybody at a start that finds everything: the runner's own heartbeat is no request.
  const asked = server.requests.length;
  const [before] = await runners(ws);
  expect((await ws.start(IN_TIME)).stdout).toMatch(/runs with this configuration: it is left alone\./);
  expect(await runners(ws)).toEqual([before]);
  expect(server.requests.slice(asked).map(({ name }) => name)).toEqual([]);
  expect(await ws.log("install")).not.toMatch(/WARN|ERROR/);

  const thread = `T-${randomUUID()}`;
  await server.begin(thread, "Say hello");
  const last = () => coder.statuses.at(-1);
  await expect
    .poll(last, { timeout: 30_000 })
    .toMatchObject({ state: "idle", message: "Done: waiting for a message", app_slug: "amp-cli" });
  expect(last()?.uri).toBe(`${server.url}/threads/${thread}`);
  expect(coder.statuses.map(({ message }) => message)).toContain("Running `sleep 3`");
  expect(coder.complaints).toEqual([]);

  expect(await tool(ws, "status --short")).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^runner, up /),
  });
  const refused = await tool(ws, 'chat "Hello"');
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain(`Begin or open a thread on ${server.url}`);

  process.kill(before?.pid ?? 0, "SIGKILL");
  await expect
    .poll(async () => (await ws.log("agentapi-start")).match(/\bRegistered\./g), { timeout: 60_000 })
    .toHaveLength(2);
  expect(await ws.log("agentapi-start")).toContain(
    "WARN  Amp's runner ended unexpectedly (exit code 137): starting again at once.",
  );
  expect(await listed(ws)).toHaveLength(1);

  expect((await ws.stop(IN_TIME)).exitCode).toBe(0);
  expect(await ws.log("stop")).toMatch(/INFO {2}Amp's runner ended after/);
  expect(await ws.log("agentapi-start")).toContain("Received SIGTERM; shutting down");
  expect(server.runners.actions.at(-1)).toBe("unregisterRunner");
  expect(await ws.processes()).toEqual([]);
}, 240_000);

test("a folder that another Amp serves is refused, naming that Amp", async () => {
  const { ws } = await setUp();
  await ws.run(`mkdir -p "${ws.workdir}"`);
  const other = execa(`${ws.home}/.amp/bin/amp`, ["--no-tui"], {
    cwd: ws.workdir,
    env: ws.env,
    extendEnv: false,
    stdin: "ignore",
    reject: false,
  });
  ends.push(async () => {
    other.kill("SIGKILL");
    await other;
  });
  await expect.poll(() => listed(ws), { timeout: 60_000 }).toHaveLength(1);
  const { exitCode, stderr } = await ws.start(IN_TIME);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(
    `another Amp (pid ${other.pid}) is the runner of ${realpathSync(ws.workdir)}, and a folder has only one`,
  );
  expect(await ws.log("agentapi-start")).toContain(
    "To fix it: End that process, or set workdir to another folder",
  );
  expect((await runners(ws)).map(({ pid }) => pid)).toEqual([other.pid]);
}, 180_000);

test("with no way to Amp's server the start fails and names the network; a pinned Amp does not update itself", async () => {
  const ws = await createWorkspace({
    amp: "real",
    agentapi: "none",
    variables: {
      transport: "runner",
      install_amp: false,
      amp_version: "0.0.1",
      // A closed loopback port: fails the same way with and without a network.
      amp_url: "http://127.0.0.1:9",
    },
  });
  ends.push(() => ws.dispose());
  const { exitCode, stderr } = await ws.start(IN_TIME);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("Amp cannot connect to the Amp server. Amp's runner ended with exit code 1.");
  expect(stderr).toMatch(/To fix it: Check the workspace's network and proxy \(HTTPS_PROXY\)/);
  expect(await ws.processes()).toEqual([]);
  const settings = (await ws.run('cat "$HOME/.config/amp/settings.json"')).stdout;
  expect(JSON.parse(settings)).toMatchObject({ "amp.runner.autoUpdate.enabled": false });
}, 120_000);
