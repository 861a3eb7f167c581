import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
import { startAmpServer } from "../support/amp-server.ts";
import { findRuntime } from "../support/runtimes.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

let workspace: Workspace | undefined;
afterEach(async () => workspace?.dispose());

/** What people type, without a start: only the scripts that bring the launcher and the two bundles. */
async function unpacked(options: Parameters<typeof createWorkspace>[0] = {}): Promise<Workspace> {
  workspace = await createWorkspace(options);
  const unpackOnly = workspace.scripts.start.replace(/^exec .*$/m, "exit 0");
  expect(await workspace.run(unpackOnly)).toMatchObject({ exitCode: 0, stderr: "" });
  return workspace;
}

function type(ws: Workspace, command: string) {
  return ws.run(`"$HOME/.amp-module/bin/amp-module" ${command}`);
}

test("a start waits for no tools, and who types too early is told", async () => {
  const ampServer = await startAmpServer();
  onTestFinished(() => ampServer.close());
  const ws = await createWorkspace({ ampServer, amp: "stand-in" });
  workspace = ws;
  expect(await ws.run(ws.scripts.start)).toMatchObject({ exitCode: 0, stderr: "" });
  const early = await type(ws, "doctor");
  expect(early).toMatchObject({ exitCode: 1, stdout: "" });
  expect(early.stderr).toMatch(/amp-tools\.br85 is missing\.\nerror: To fix it: Restart the workspace/);

  expect(await ws.run(ws.scripts.bundles["tools"] ?? "")).toMatchObject({
    exitCode: 0,
    stdout: "",
    stderr: "",
  });
  expect(await type(ws, "doctor")).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/Nothing is wrong/),
  });
  expect((await type(ws, "stop")).exitCode).toBe(0);
  expect((await type(ws, "doctor")).exitCode).toBe(1);
});

test("help fits 80 columns and lists every command; --version says the module's", async () => {
  const ws = await unpacked();
  await ws.run(ws.scripts.bundles["tools"] ?? "");
  const help = await type(ws, "--help");
  expect(help).toMatchObject({ exitCode: 0, stderr: "" });
  const commands = [...help.stdout.matchAll(/^ {2}([a-z]+)(?: [[<].*?[\]>])* {2}/gm)].map(([, name]) => name);
  expect(commands).toEqual([
    ...["install", "start", "stop", "status", "doctor", "logs", "chat", "attach", "cancel"],
    ...[
      "approvals",
      "approve",
      "deny",
      "thread",
      "run",
      "mcp",
      "permissions",
      "trust",
      "completion",
      "prebake",
      "help",
    ],
  ]);
  const nested = ["thread list", "mcp list", "mcp doctor", "permissions list", "permissions test"];
  for (const command of ["", ...commands, ...nested]) {
    const { stdout, exitCode } = await type(ws, `${command} --help`);
    expect(exitCode).toBe(0);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  }
  expect(await type(ws, "--version")).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
});

test.each([
  ["docter", /^error: unknown command 'docter'\. Did you mean doctor\? See "amp-module --help"\.\n$/],
  ["", /^error: there is no command\. See "amp-module --help"\.\n$/],
  ["start now", /^error: there are too many arguments: now\. See "amp-module start --help"\.\n$/],
  ["stop --force", /^error: unknown option '--force'\. See "amp-module stop --help"\.\n$/],
  ["prebake --amp-verison 1", /Did you mean --amp-version\?/],
])("%j is wrong usage: one line, exit code 2", async (command, stderr) => {
  const ws = await unpacked();
  await ws.run(ws.scripts.bundles["tools"] ?? "");
  expect(await type(ws, command)).toMatchObject({
    exitCode: 2,
    stdout: "",
    stderr: expect.stringMatching(stderr),
  });
});

test("the start's commands are the same through either bundle", async () => {
  const ws = await unpacked({ variables: { install_amp: false }, amp: "none" });
  await ws.run(ws.scripts.bundles["tools"] ?? "");
  const bin = join(ws.moduleDir, "bin");
  // What runs side by side is said in any order, and every time takes another time.
  const lasting = (text: string) =>
    text
      .replace(/\d+(\.\d+)? m?s\b/g, "… s")
      .split("\n")
      .sort();
  await type(ws, "install");
  for (const command of ["install", "start", "stop"]) {
    const direct = await ws.run(`${bin}/amp-module ${command}`);
    const through = await ws.run(`node ${bin}/loader.cjs ${bin}/amp-tools.br85 ${command}`);
    expect(through.exitCode).toBe(direct.exitCode);
    expect(lasting(through.stdout)).toEqual(lasting(direct.stdout));
    expect(lasting(through.stderr)).toEqual(lasting(direct.stderr));
    expect(direct.exitCode).toBe(command === "stop" ? 0 : 1);
  }
  await rm(join(bin, "amp-module.br85"));
  const missing = await ws.run(`node ${bin}/loader.cjs ${bin}/amp-tools.br85 start`);
  expect(missing).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/amp-module\.br85 is missing.*\nerror: To fix it: Restart/),
  });
});

test("the start's bundle names the other one for what it has not", async () => {
  const ws = await unpacked();
  const { exitCode, stderr } = await ws.run(
    `node ${ws.moduleDir}/bin/loader.cjs ${ws.moduleDir}/bin/amp-module.br85 doctor`,
  );
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^error: .*amp-module\.br85.*\nerror: To fix it: .*amp-tools\.br85/);
});

test.each(["bun", "deno", "amp"] as const)("the tools run on %s", async (name) => {
  const ws = await unpacked();
  await ws.run(ws.scripts.bundles["tools"] ?? "");
  const runtime = name === "amp" ? (await findRealAmp())?.path : await findRuntime(name);
  if (runtime === undefined) throw new Error(`the real Amp cannot be had: ${whyNoRealAmp()}`);
  const env = { AMP_MODULE_RUNTIME: runtime, AMP_URL: "http://127.0.0.1:9/" };
  const type = (command: string) => ws.run(`"$HOME/.amp-module/bin/amp-module" ${command}`, { env });
  expect(await type("--help")).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^Usage: amp-module/),
    stderr: "",
  });
  expect((await type("doctor")).stdout).toMatch(new RegExp(`runtime: ${name === "amp" ? "bun" : name}`, "i"));
  expect(await type("start --nope")).toMatchObject({ exitCode: 2 });
  // By way of the front, since it is not the only word.
  expect((await type("stop --")).exitCode).toBe(0);
});
