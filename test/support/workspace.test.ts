import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { startAmpServer } from "./amp-server.ts";
import { TerraformError } from "./terraform.ts";
import { createWorkspace, testApiKey, type Workspace, type WorkspaceOptions } from "./workspace.ts";

let workspace: Workspace | undefined;
afterEach(async () => workspace?.dispose());

async function create(options?: WorkspaceOptions): Promise<Workspace> {
  workspace = await createWorkspace(options);
  return workspace;
}

test("a script sees an agent's environment and nothing of this machine's own", async () => {
  const { run, home, port } = await create({ env: { EXTRA: "1" } });
  const { stdout } = await run("env");
  const names = stdout.match(/^\w+(?==)/gm) ?? [];
  expect(names).toEqual(expect.arrayContaining(["CODER_AGENT_TOKEN", "CODER_AGENT_URL", "EXTRA"]));
  expect(stdout).toContain(`\nHOME=${home}\n`);
  expect(stdout).toContain(`AMP_API_KEY=${testApiKey}`);
  expect(stdout).not.toMatch(/^(XDG_|npm_|VITEST|TF_)/m);
  expect(port).toBeGreaterThan(1023);
});

test("the rendered scripts and resources are those of the applied module", async () => {
  const { plan, scripts, moduleDir, home } = await create({ variables: { app_slug: "second" } });
  expect(plan["coder_app.web[0]"]?.values["slug"]).toBe("second");
  expect(scripts.start).toMatch(/^#!\/bin\/sh\n/);
  expect(scripts.stop).toMatch(/^#!\/bin\/sh\n/);
  expect(moduleDir).toBe(join(home, ".amp-module-second"));
});

test("a plan that fails says what Terraform said, without a secret", async () => {
  const failure = await createWorkspace({
    variables: { workdir: "not/absolute", amp_api_key: "hush-hush" },
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(TerraformError);
  expect((failure as TerraformError).text).toMatch(/workdir is "not\/absolute"/);
  expect((failure as TerraformError).message).not.toContain("hush-hush");
});

test("the bare PATH has no JavaScript runtime, downloader or git, the usual one has node", async () => {
  const probe =
    "for tool in node npm bun deno curl wget git base64 gzip; do command -v $tool >/dev/null && echo $tool; done";
  const bare = await create({ hidePath: true });
  expect((await bare.run(probe)).stdout).toBe("base64\ngzip\n");
  await bare.dispose();
  expect((await (await create()).run(probe)).stdout).toMatch(/^node\n/);
});

test("the stand-in Amp is where the official installer puts it and runs with no node on PATH", async () => {
  const { run } = await create({ hidePath: true });
  const { stdout, exitCode } = await run('"$HOME/.amp/bin/amp" --version && "$HOME/.local/bin/amp" --help');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^0\.0\.\d+-g\w+ \(released /);
  expect(stdout).toMatch(/--mode <value>\n.*low, medium, high, ultra/);
});

test("the coder stand-in records each call", async () => {
  const { run, coderCalls } = await create({ coder: true });
  await run("coder exp sync start 'a b'; coder exp mcp server");
  expect(await coderCalls()).toEqual([
    ["exp", "sync", "start", "a b"],
    ["exp", "mcp", "server"],
  ]);
});

test("a second workspace on the same home finds what the first one left", async () => {
  const first = await create();
  await first.run('echo kept > "$HOME/file"');
  const second = await createWorkspace({ home: first.home });
  expect((await second.run('cat "$HOME/file"')).stdout).toBe("kept\n");
  await second.dispose();
  expect(await readFile(join(first.home, "file"), "utf8")).toBe("kept\n");
});

test("dispose leaves no process and no file", async () => {
  const { run, root, processes, dispose } = await create();
  await run("nohup setsid sleep 300 >/dev/null 2>&1 & echo");
  await expect.poll(processes).toMatchObject([{ cmdline: "sleep 300" }]);
  await dispose();
  expect(await processes()).toEqual([]);
  expect(existsSync(root)).toBe(false);
});

test("with a server of its own the real Amp holds a conversation, and the workspace knows what reached it", async ({
  onTestFinished,
}) => {
  const ampServer = await startAmpServer();
  onTestFinished(() => ampServer.close());
  const { env, home, start, prompts } = await create({ ampServer, variables: { ai_prompt: "Hello there" } });
  expect(env["AMP_URL"]).toBe(ampServer.url);
  const session = join(home, ".local/share/amp/session.json");
  await mkdir(dirname(session), { recursive: true });
  await writeFile(session, '{"neoWelcomeDismissed":true}');
  const result = await start();
  expect(result.exitCode, result.stderr).toBe(0);
  await vi.waitFor(
    async () => expect(await prompts()).toEqual([{ text: "Hello there", at: expect.any(Number) }]),
    {
      timeout: 20_000,
    },
  );
});
