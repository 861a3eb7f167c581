import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readScreen, timesSaid } from "../../src/amp/screen.ts";
import { findRealAmp } from "../support/amp.ts";
import { type AmpServer, startAmpServer } from "../support/amp-server.ts";
import { awkwardPrompt } from "../support/awkward-prompt.ts";
import { screens } from "../support/screen.ts";
import { createWorkspace, type Workspace, type WorkspaceOptions } from "../support/workspace.ts";

/** What is on Amp's screen reaches its server a little later. */
const ARRIVAL = { timeout: 15_000, interval: 100 };

let server: AmpServer;
let workspace: Workspace | undefined;
beforeAll(async () => {
  server = await startAmpServer();
});
beforeEach(() => {
  server.behaviour = "answers";
  server.threads.clear();
});
afterEach(async () => workspace?.dispose());
afterAll(() => server.close());

async function create(options: WorkspaceOptions = {}): Promise<Workspace> {
  workspace = await createWorkspace({ ampServer: server, ...options });
  return workspace;
}

/** How often the real Amp's transcript shows the prompt. */
async function timesOnScreen({ url }: Workspace, prompt: string): Promise<number> {
  for await (const text of screens(url)) return timesSaid(readScreen(text), prompt);
  return 0;
}

const delivery = async ({ moduleDir }: Workspace) =>
  JSON.parse(await readFile(join(moduleDir, "state/delivery.json"), "utf8").catch(() => "null")) as unknown;

describe.skipIf(!(await findRealAmp()))("the first prompt of a fresh home, with the real Amp", () => {
  test.each([
    ["ai_prompt", { asInProduct: true, variables: { ai_prompt: awkwardPrompt } }],
    ["the Task's prompt", { task: { prompt: awkwardPrompt } }],
  ])("from %s it stands in Amp's transcript once, and reaches Amp's server byte for byte; a restart sends nothing", async (_, options) => {
    const ws = await create(options);
    expect(await ws.start()).toMatchObject({ exitCode: 0 });
    expect(await ws.log("agentapi-start")).toContain("Amp has taken the prompt");
    expect(await timesOnScreen(ws, awkwardPrompt)).toBe(1);
    expect(server.prompts()).toEqual([awkwardPrompt]);

    expect(await ws.stop()).toMatchObject({ exitCode: 0 });
    expect(await ws.start()).toMatchObject({ exitCode: 0 });
    expect(await ws.log("agentapi-start")).toContain("it is not sent again");
    expect(await timesOnScreen(ws, awkwardPrompt)).toBe(1);
    expect(server.prompts()).toEqual([awkwardPrompt]);
  });

  test("where the welcome tour comes all the same, it is gone through and swallows nothing", async () => {
    const ws = await create({ variables: { ai_prompt: awkwardPrompt } });
    // Neither the module nor Amp can note in here that the tour was seen.
    await mkdir(join(ws.home, ".local/share/amp/session.json"), { recursive: true });
    expect(await ws.start()).toMatchObject({ exitCode: 0 });
    expect(await ws.log("install")).toMatch(/WARN {2}Welcome tour: it could not be noted as seen/);
    expect(await timesOnScreen(ws, awkwardPrompt)).toBe(1);
    await expect.poll(() => server.prompts(), ARRIVAL).toEqual([awkwardPrompt]);
  });

  const untrusted = '{ "amp.mcpServers": { "evil": { "command": "touch", "args": ["pwned"] } } }';

  test("a question of Amp's that has the keys is not answered: the start fails, and the next one delivers", async () => {
    // Where no thread can be opened ahead, Amp begins on a new one, and the question gets the keys.
    const ws = await create({
      variables: { ai_prompt: awkwardPrompt },
      env: { AMP_MODULE_INPUT_MS: "20000" },
    });
    const settings = join(ws.workdir, ".amp/settings.json");
    await mkdir(dirname(settings), { recursive: true });
    await writeFile(settings, untrusted);
    server.behaviour = "opens-no-thread";
    const result = await ws.start();
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/The prompt was not sent[\s\S]*MCP Server Trust Required[\s\S]*'evil'/);
    expect(result.stderr).toMatch(/To fix it: .*amp-module start/);
    expect(await ws.log("agentapi-start")).not.toContain("Amp has taken the prompt");
    expect(await delivery(ws)).toBeNull();
    expect(server.prompts()).toEqual([]);
    // It still waits for its answer. "Deny Server" is the last of four.
    for (const content of ["j", "j", "j", "\r"]) await ws.client.sendMessage({ type: "raw", content });
    await expect.poll(async () => (await firstScreen(ws)).includes("Trust Required"), ARRIVAL).toBe(false);
    server.behaviour = "answers";
    expect(await ws.start()).toMatchObject({ exitCode: 0 });
    await expect.poll(() => timesOnScreen(ws, awkwardPrompt), ARRIVAL).toBe(1);
    await expect.poll(() => server.prompts(), ARRIVAL).toEqual([awkwardPrompt]);
    expect(existsSync(join(ws.workdir, "pwned"))).toBe(false);
  });

  test("a question that leaves the keys to the input box stays unanswered, and the prompt arrives", async () => {
    const ws = await create({ variables: { ai_prompt: awkwardPrompt } });
    const settings = join(ws.workdir, ".amp/settings.json");
    await mkdir(dirname(settings), { recursive: true });
    await writeFile(settings, untrusted);
    expect(await ws.start()).toMatchObject({ exitCode: 0 });
    expect(await timesOnScreen(ws, awkwardPrompt)).toBe(1);
    await expect.poll(() => server.prompts(), ARRIVAL).toEqual([awkwardPrompt]);
    expect(await firstScreen(ws)).toContain("Trust Required");
    expect(existsSync(join(ws.workdir, "pwned"))).toBe(false);
  });

  test("a changed prompt is one more message to the agent that runs", async () => {
    const ws = await create({ variables: { ai_prompt: "First things first" } });
    expect(await ws.start()).toMatchObject({ exitCode: 0 });
    const next = await createWorkspace({
      ampServer: server,
      home: ws.home,
      variables: { agentapi_port: ws.port, ai_prompt: awkwardPrompt },
    });
    try {
      expect(await ws.run(next.scripts.start)).toMatchObject({ exitCode: 0 });
      expect(await timesOnScreen(ws, awkwardPrompt)).toBe(1);
      expect(server.prompts()).toEqual(["First things first", awkwardPrompt]);
    } finally {
      await next.dispose();
    }
  });
});

async function firstScreen({ url }: Workspace): Promise<string> {
  for await (const text of screens(url)) return text;
  return "";
}
