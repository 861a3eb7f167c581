import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

let workspace: Workspace | undefined;
afterEach(async () => workspace?.dispose());

const userFiles = [".config/amp/settings.json", ".config/AGENTS.md"];

/** Content and identity: a file that was written again, even with the same content, differs. */
async function fingerprints(home: string): Promise<unknown[]> {
  return Promise.all(
    userFiles.map(async (name) => {
      const { ino, mtimeNs, ctimeNs } = await stat(join(home, name), { bigint: true });
      return { name, ino, mtimeNs, ctimeNs, content: await readFile(join(home, name), "utf8") };
    }),
  );
}

test("a second start with nothing changed rewrites no file of the user's and leaves AgentAPI alone", async () => {
  workspace = await createWorkspace({
    variables: { ai_prompt: "Once only", instruction_prompt: "Be brief." },
  });
  const ws = workspace;
  expect((await ws.start()).exitCode).toBe(0);
  // The supervisor's pauses come and go.
  const processes = async () => (await ws.processes()).filter(({ cmdline }) => cmdline !== "sleep 5");
  const before = { files: await fingerprints(ws.home), processes: await processes() };

  const second = await ws.start();
  expect(second).toMatchObject({ exitCode: 0, stdoutHeldOpen: false });
  expect(await fingerprints(ws.home)).toEqual(before.files);
  expect(await processes()).toEqual(before.processes);
  expect((await ws.prompts()).length).toBe(1);
  expect((await ws.ampCalls()).length).toBe(1);
});

test("the start's log begins with what it works with, once", async () => {
  workspace = await createWorkspace();
  const ws = workspace;
  expect((await ws.start()).exitCode).toBe(0);
  expect((await ws.start()).exitCode).toBe(0);
  const lines = (await ws.log("agentapi-start"))
    .split("\n")
    .map((line) => line.replace(/^\S+Z INFO {2}/, ""));
  const [module, amp, agentapi] = lines;
  expect(module).toMatch(/^Module: \d+\.\d+\.\d+ in \S+\/\.amp-module, on \w+ \d+\.\d+\.\d+ in \//);
  expect(amp).toMatch(/^Amp: \d+\.\d+\.\d+\S* in \/\S+\/amp\.$/);
  expect(agentapi).toMatch(/^AgentAPI: \d+\.\d+\.\d+\S* in \/\S+\/agentapi\.$/);
  expect(lines.filter((line) => line.startsWith("AgentAPI: "))).toHaveLength(1);
});

test("stop ends every process, and the next start begins again", async () => {
  workspace = await createWorkspace();
  const ws = workspace;
  expect((await ws.start()).exitCode).toBe(0);
  expect(await ws.stop()).toMatchObject({ exitCode: 0, stdoutHeldOpen: false });
  expect(await ws.processes()).toEqual([]);
  expect((await ws.start()).exitCode).toBe(0);
  expect((await ws.client.status()).agent_type).toBe("amp");
});

test("a stop before any start has nothing to do", async () => {
  workspace = await createWorkspace();
  expect((await workspace.stop()).exitCode).toBe(0);
});

test("what the user wrote around the module's settings and instructions survives", async () => {
  workspace = await createWorkspace({ variables: { instruction_prompt: "Be brief." } });
  const ws = workspace;
  expect((await ws.start()).exitCode).toBe(0);
  const [settings, agents] = userFiles.map((name) => join(ws.home, name)) as [string, string];
  await writeFile(
    settings,
    (await readFile(settings, "utf8")).replace("{", '{\n  // mine\n  "amp.showCosts": false,'),
  );
  await writeFile(agents, `# Mine\n\n${await readFile(agents, "utf8")}\nAlso mine.\n`);
  expect((await ws.start()).exitCode).toBe(0);
  expect(await readFile(settings, "utf8")).toMatch(/\/\/ mine\n\s+"amp\.showCosts": false/);
  expect(await readFile(agents, "utf8")).toMatch(/^# Mine\n[\s\S]*Be brief\.[\s\S]*\nAlso mine\.\n$/);
});
