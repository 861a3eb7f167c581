import { describe, expect, test } from "vitest";
import { SCRIPTED_AMP } from "../amp/scripted.ts";
import { findAgentApi } from "../support/agentapi.ts";
import { awkwardPrompt } from "../support/awkward-prompt.ts";
import { applyModule } from "../support/terraform.ts";
import { createWorkspace, type Workspace, type WorkspaceOptions } from "../support/workspace.ts";

const agentapi = await findAgentApi();

/** A workspace with `transport = "stream"` and the scripted Amp. */
function streamWorkspace(options: WorkspaceOptions = {}, scenario = "echo"): Promise<Workspace> {
  return createWorkspace({
    ...options,
    amp: "none",
    agentapi: "real",
    env: { AMP_CLI_PATH: SCRIPTED_AMP, AMP_STREAM: scenario, AMP_MODULE_MIN_LIFE_MS: "1500" },
    variables: { transport: "stream", status_reports: "off", install_amp: false, ...options.variables },
  });
}

async function answered(workspace: Workspace, messages: number): Promise<string[]> {
  await expect.poll(() => workspace.client.status(), { timeout: 15_000 }).toMatchObject({ status: "stable" });
  await expect.poll(async () => (await workspace.client.messages()).length).toBe(messages);
  return (await workspace.client.messages()).map(({ content }) => content);
}

test("the terminal transport carries nothing of the stream agent, and each script keeps its cap", async () => {
  const variables = { agent_id: "agent", workdir: "/home/coder" };
  const [terminal, stream] = await Promise.all([
    applyModule({ variables }),
    applyModule({ variables: { ...variables, transport: "stream" } }),
  ]);
  const sizeOf = ({ resources }: typeof stream, name: string) =>
    String(resources[name]?.values["script"] ?? "").length;
  expect(Object.keys(terminal.resources)).not.toContain('coder_script.bundle["stream_agent"]');
  expect(sizeOf(terminal, "coder_script.start")).toBeLessThanOrEqual(88 * 1024);
  expect(sizeOf(stream, "coder_script.start")).toBeLessThanOrEqual(88 * 1024);
  expect(sizeOf(stream, 'coder_script.bundle["stream_agent"]')).toBeGreaterThan(10_000);
  expect(sizeOf(stream, 'coder_script.bundle["stream_agent"]')).toBeLessThan(131_072);
  expect(sizeOf(stream, 'coder_script.bundle["tools"]')).toBe(
    sizeOf(terminal, 'coder_script.bundle["tools"]'),
  );
});

describe.skipIf(!agentapi.real)("stream transport (the stand-in AgentAPI has none)", () => {
  test("the prompt arrives once, the answer is exact, a restart goes on with the thread", async () => {
    const first = await streamWorkspace({ variables: { ai_prompt: awkwardPrompt } });
    try {
      expect(await first.start()).toMatchObject({ exitCode: 0, stdoutHeldOpen: false });
      const [question, answer] = await answered(first, 2);
      expect(question).toBe(awkwardPrompt);
      expect(answer).toContain(awkwardPrompt.split("\n")[0]);
      expect(await first.start()).toMatchObject({ exitCode: 0 });
      expect(await answered(first, 2)).toHaveLength(2);

      expect(await first.stop()).toMatchObject({ exitCode: 0 });
      expect(await first.processes()).toEqual([]);
      expect((await first.start()).stdout).toMatch(/Thread: T-.*continued[\s\S]*not sent again/);
      await first.client.sendMessage({ type: "user", content: "and now?" });
      expect((await answered(first, 2))[0]).toBe("and now?");
    } finally {
      await first.dispose();
    }
  });

  test("an Amp that cannot reach its server fails the start and says so", async () => {
    const workspace = await streamWorkspace({ variables: { ai_prompt: "hello" } }, "offline");
    try {
      const { exitCode, stderr } = await workspace.start();
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/cannot connect[\s\S]*To fix it/);
      expect(await workspace.processes()).toEqual([]);
    } finally {
      await workspace.dispose();
    }
  });
});
