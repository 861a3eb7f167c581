import { execa } from "execa";
import { afterEach, describe, expect, test } from "vitest";
import { SCRIPTED_AMP } from "../amp/scripted.ts";
import { findAgentApi } from "../support/agentapi.ts";
import { createWorkspace, type Workspace, type WorkspaceOptions } from "../support/workspace.ts";

const agentapi = await findAgentApi();

let workspace: Workspace | undefined;
afterEach(async () => workspace?.dispose());

async function started(options: WorkspaceOptions = {}): Promise<Workspace> {
  workspace = await createWorkspace(options);
  expect(await workspace.start()).toMatchObject({ exitCode: 0 });
  return workspace;
}

function type(ws: Workspace, command: string) {
  return ws.run(`"$HOME/.amp-module/bin/amp-module" ${command}`);
}

test("the dashboard's line and status: before anything, before the tools, at rest, stopped", async () => {
  const ws = await createWorkspace();
  workspace = ws;
  const script = String(ws.outputs["status_script"]);
  const line = async (shell: string) => {
    const { exitCode, stdout, stderr } = await ws.run(
      `exec ${shell} -c '${script.replaceAll("'", `'\\''`)}'`,
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    return stdout;
  };
  expect(await line("sh")).toBe("not installed yet\n");
  expect(await ws.run(ws.scripts.start)).toMatchObject({ exitCode: 0 });
  expect(await line("sh")).toBe("unknown: run amp-module status in a terminal\n");
  await ws.run(ws.scripts.bundles["tools"] ?? "");
  for (const shell of ["sh", "bash"]) expect(await line(shell)).toMatch(/^ready, up \d+ s\n$/);

  const status = await type(ws, "status");
  expect(status).toMatchObject({ exitCode: 0, stderr: "" });
  expect(status.stdout).toMatch(/^● Amp is ready[\s\S]*Thread +T-[\s\S]*Supervisor +pid \d+/);
  expect(status.stdout).not.toContain("\u001b");
  const { stdout: json } = await type(ws, "status --json");
  expect(JSON.parse(json)).toMatchObject({
    isHealthy: true,
    server: { port: ws.port },
    agentapi: { path: expect.any(String) },
  });

  await ws.stop();
  expect(await type(ws, "status --short")).toMatchObject({
    exitCode: 1,
    stdout: expect.stringMatching(/^AgentAPI does not run/),
  });
  await ws.run('rm "$HOME/.amp-module/config.json"');
  expect(await type(ws, "status")).toMatchObject({
    exitCode: 1,
    stdout: expect.stringMatching(/config\.json does not exist[\s\S]*To fix it: Restart the workspace/),
  });
});

test("a message in the terminal transport is answered, and the logs tell of the start", async () => {
  const ws = await started();
  const { exitCode, stdout, stderr } = await type(ws, 'chat "Hello from a terminal"');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toContain("Hello from a terminal");
  expect((await ws.prompts()).map(({ text }) => text)).toEqual(["Hello from a terminal"]);
  expect((await ws.run('printf "  piped  " | "$HOME/.amp-module/bin/amp-module" chat -')).exitCode).toBe(0);
  expect((await ws.prompts()).at(-1)?.text).toBe("piped");
  expect(await type(ws, 'chat " "')).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/empty/) });
  expect((await type(ws, "cancel")).stdout).toContain("not at work");
  expect((await type(ws, "attach")).stderr).toMatch(/not a terminal/);
  expect((await type(ws, "thread")).stdout).toMatch(/^T-\S+\nhttps:\/\/\S+\/threads\/T-/);
  expect((await type(ws, "logs -n 200")).stdout).toMatch(/install .*Amp[\s\S]*start .*AgentAPI answers/);
  await ws.stop();
  expect((await type(ws, 'chat "anybody?"')).stderr).toMatch(
    /AgentAPI does not run.*\nerror: To fix it: .*amp-module start/,
  );
});

test.runIf(agentapi.real)(
  "Ctrl-C leaves Amp's own screen, and neither AgentAPI nor Amp ends of it",
  async () => {
    const ws = await started();
    // AgentAPI ends with its agent: while it is the same one, so is Amp.
    const serverOf = async () => JSON.parse((await type(ws, "status --json")).stdout).server.pid as number;
    const before = await serverOf();
    const command = `stty cols 80 rows 24; exec ${ws.moduleDir}/bin/amp-module attach`;
    const options = {
      env: { ...ws.env, TERM: "xterm-256color" },
      extendEnv: false,
      timeout: 60_000,
    } as const;
    const attached = execa("script", ["-qec", command, "/dev/null"], options);
    let screen = "";
    attached.stdout.on("data", (chunk) => {
      screen += chunk;
    });
    await expect.poll(() => screen, { timeout: 30_000 }).toContain("─╯");
    attached.stdin.write("\u0003");
    expect((await attached).exitCode).toBe(0);
    expect(await ws.client.status()).toMatchObject({ status: "stable" });
    expect(await serverOf()).toBe(before);
  },
);

describe.skipIf(!agentapi.real)("stream transport (the stand-in AgentAPI has none)", () => {
  test("an answer, a turn that is cancelled, and the terminal app's chat", async () => {
    const ws = await started({
      amp: "none",
      agentapi: "real",
      env: { AMP_CLI_PATH: SCRIPTED_AMP, AMP_STREAM: "echo", AMP_MODULE_MIN_LIFE_MS: "1500" },
      variables: { transport: "stream", cli_app: true, status_reports: "off", install_amp: false },
    });
    expect(await type(ws, 'chat "pieces: one|two"')).toMatchObject({
      exitCode: 0,
      stdout: "one\n\ntwo\n",
      stderr: "",
    });
    const turn = type(ws, 'chat --json "wait: for ever"');
    await expect
      .poll(async () => (await type(ws, "status --short")).stdout, { timeout: 30_000 })
      .toMatch(/^at work/);
    expect((await type(ws, "cancel")).stdout).toContain("asked to end its turn");
    const lines = (await turn).stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string });
    expect(lines.at(-1)).toMatchObject({
      event: "answer",
      data: { content: "waiting\n\nThis turn was stopped.", isCancelled: false },
    });
    expect((await type(ws, "status --short")).stdout).toMatch(/^ready/);
    expect((await type(ws, 'chat "pieces: still|here"')).stdout).toBe("still\n\nhere\n");
    const app = ws.plan["coder_app.cli[0]"]?.values["command"];
    // Not a terminal, and nothing on stdin: it is the chat that says so.
    expect((await ws.run(String(app))).stderr).toMatch(/The message is empty/);
  });
});
