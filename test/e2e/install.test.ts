import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { findAgentApi } from "../support/agentapi.ts";
import { startCoderApi } from "../support/coder-api.ts";
import { type FileServer, startFileServer } from "../support/file-server.ts";
import { agentApiRelease, ampInstaller } from "../support/releases.ts";
import {
  createWorkspace,
  testAgentToken,
  type Workspace,
  type WorkspaceOptions,
} from "../support/workspace.ts";

let workspace: Workspace | undefined;
let server: FileServer | undefined;
afterEach(async () => {
  await workspace?.dispose();
  await server?.close();
});

async function create(options: WorkspaceOptions): Promise<Workspace> {
  workspace = await createWorkspace(options);
  return workspace;
}

test("installs Amp and AgentAPI, proves both, and asks the network nothing the next time", async () => {
  const release = await agentApiRelease("/agentapi");
  // Long enough for a word to the dashboard.
  const installer = { content: await ampInstaller(), fault: { delayMs: 2_500 } };
  server = await startFileServer({ "/install.sh": installer, ...release.routes });
  const coder = await startCoderApi({ token: testAgentToken, taskId: "none", answer: 404 });
  onTestFinished(() => coder.close());
  const ws = await create({
    amp: "none",
    agentapi: "none",
    env: { CODER_AGENT_URL: coder.url },
    variables: {
      ai_prompt: "Hi",
      amp_installer_url: `${server.url}/install.sh`,
      agentapi_download_url: `${server.url}/agentapi`,
      agentapi_sha256: release.sha256,
    },
  });
  const first = await ws.start();
  expect(first, first.stderr).toMatchObject({ exitCode: 0, stdoutHeldOpen: false });
  expect(server.requests().sort()).toEqual([release.path, "/install.sh"].sort());
  expect((await ws.prompts()).map(({ text }) => text)).toEqual(["Hi"]);
  expect(await ws.log("install")).toContain("Amp");
  const statuses = () => coder.statuses.map(({ state, message }) => `${state}: ${message}`);
  expect(statuses()).toEqual(["working: Installing Amp", "idle: Amp is installed"]);

  await ws.stop();
  expect(statuses().at(-1)).toBe("idle: Stopped: the conversation continues at the next start");
  expect((await ws.start()).exitCode).toBe(0);
  expect(server.count()).toBe(2);
});

test("with no JavaScript runtime at all Amp is installed first and is the runtime", async () => {
  server = await startFileServer({ "/install.sh": await ampInstaller() });
  const ws = await create({
    amp: "none",
    hidePath: ["curl"],
    variables: {
      ai_prompt: "Hi",
      amp_installer_url: `${server.url}/install.sh`,
      amp_version: "0.0.1790142000-gabcdef",
    },
  });
  const result = await ws.start();
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  expect((await ws.run('"$HOME/.amp/bin/amp" --version')).stdout).toContain("0.0.1790142000-gabcdef");
  expect(server.count("/install.sh")).toBe(1);
});

test("with no runtime and nothing to install one from, the error names what to add", async () => {
  const ws = await create({ amp: "none", hidePath: true, variables: { install_amp: false } });
  const result = await ws.start();
  expect(result.exitCode).not.toBe(0);
  expect(result.stderr).toMatch(/runtime/i);
  expect(result.stderr).toMatch(/install_amp|AMP_MODULE_RUNTIME/);
});

test("an AgentAPI with another checksum is not put in place, and the error names agentapi_sha256", async () => {
  const release = await agentApiRelease("/agentapi");
  server = await startFileServer(release.routes);
  const ws = await create({
    agentapi: "none",
    variables: { agentapi_download_url: `${server.url}/agentapi`, agentapi_sha256: "0".repeat(64) },
  });
  const result = await ws.start();
  expect(result.exitCode).not.toBe(0);
  expect(result.stderr).toContain("agentapi_sha256");
  expect(existsSync(join(ws.moduleDir, "bin/agentapi"))).toBe(false);
  expect(await ws.processes()).toEqual([]);
});

test("install_agentapi = false with none on PATH fails and says so", async () => {
  const ws = await create({ agentapi: "none", variables: { install_agentapi: false } });
  const result = await ws.start();
  expect(result.exitCode).not.toBe(0);
  expect(result.stderr).toContain("install_agentapi");
});

test("a failing pre-install script stops the installation; its output is in its own log", async () => {
  server = await startFileServer({ "/install.sh": await ampInstaller() });
  const ws = await create({
    amp: "none",
    variables: {
      amp_installer_url: `${server.url}/install.sh`,
      pre_install_script: "#!/bin/sh\necho 'the mirror is down'\nexit 7\n",
    },
  });
  const result = await ws.start();
  expect(result.exitCode).not.toBe(0);
  expect(result.stdout + result.stderr).toContain("pre_install_script");
  expect(await ws.log("pre_install")).toContain("the mirror is down");
  expect(server.count()).toBe(0);
});

test("the AgentAPI under test is the one that the summary names", async () => {
  const found = await findAgentApi();
  const ws = await create({});
  expect(ws.agentApiIsReal).toBe(found.real);
  expect((await ws.run("agentapi --version")).stdout).toContain(found.version);
});
