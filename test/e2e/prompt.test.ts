import { readdir } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import { awkwardPrompt } from "../support/awkward-prompt.ts";
import { followUntilAnswered } from "../support/demo/conversation.ts";
import { createWorkspace, type Workspace, type WorkspaceOptions } from "../support/workspace.ts";

let workspace: Workspace | undefined;
afterEach(async () => workspace?.dispose());

async function started(options: WorkspaceOptions): Promise<Workspace> {
  workspace = await createWorkspace(options);
  const result = await workspace.start();
  expect(result, workspace.root).toMatchObject({ exitCode: 0, stdoutHeldOpen: false });
  return workspace;
}

/** Waits for the answer; returns what the user said according to AgentAPI. */
async function userMessages({ client }: Workspace): Promise<string[]> {
  await followUntilAnswered(client, { onMessage: () => {}, signal: AbortSignal.timeout(20_000) });
  return (await client.messages()).filter(({ role }) => role === "user").map(({ content }) => content);
}

test.each([
  ["ai_prompt", { variables: { ai_prompt: awkwardPrompt } }],
  ["the Task's prompt", { task: { prompt: awkwardPrompt } }],
])("an awkward prompt from %s arrives once and byte for byte, and nothing of it is executed", async (_, options) => {
  const ws = await started({ ...options, ownApply: true });
  expect(await userMessages(ws)).toEqual([awkwardPrompt]);
  expect((await ws.prompts()).map(({ text }) => text)).toEqual([awkwardPrompt]);
  const files = [...(await readdir(ws.root, { recursive: true })), ...(await readdir(process.cwd()))];
  expect(files.filter((file) => file.endsWith("pwned"))).toEqual([]);
});

test("the template's prompt goes before the Task's", async () => {
  const ws = await started({ variables: { ai_prompt: "template" }, task: { prompt: "task" } });
  expect(await userMessages(ws)).toEqual(["template"]);
});

test("with no prompt Amp waits for the user, and a message is answered", async () => {
  const ws = await started({});
  expect(await ws.prompts()).toEqual([]);
  await ws.client.sendMessage({ type: "user", content: "first" });
  expect(await userMessages(ws)).toEqual(["first"]);
});

test("a prompt of 30 KB arrives whole", async () => {
  const prompt = Array.from({ length: 400 }, (_, line) => `${line} ${"é$`".repeat(24)}`).join("\n");
  const ws = await started({ variables: { ai_prompt: prompt } });
  await userMessages(ws);
  expect((await ws.prompts()).map(({ text }) => text)).toEqual([prompt]);
});

test('status_reports = "coder-mcp" asks for progress reports, if there is a coder command to report with', async () => {
  const ws = await started({
    variables: { ai_prompt: "Build it", status_reports: "coder-mcp" },
    coder: true,
  });
  const [first = ""] = await userMessages(ws);
  expect(first.startsWith("Build it\n")).toBe(true);
  expect(first).toContain("coder_report_task");
});
