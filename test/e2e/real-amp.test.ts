import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { findAgentApi } from "../support/agentapi.ts";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
import { createWorkspace, type Workspace, type WorkspaceOptions } from "../support/workspace.ts";

let workspace: Workspace | undefined;
afterEach(async () => workspace?.dispose());
beforeAll(async () => {
  if (!(await findRealAmp())) throw new Error(`the real Amp cannot be had: ${whyNoRealAmp()}`);
});

async function create(options: WorkspaceOptions): Promise<Workspace> {
  workspace = await createWorkspace({ amp: "real", ...options });
  return workspace;
}

/** A script that takes longer hangs: it is ended, and the test fails. */
const IN_TIME = { timeoutMs: 90_000 };

// A closed loopback port in place of Amp's server: fails the same way with and without a network.
const noServer = { amp_url: "http://127.0.0.1:9" };

describe("what the module writes is what the real Amp reads", () => {
  const permissions = [
    { tool: "Bash", matches: { cmd: "git push*" }, action: "reject" },
    { tool: "Bash", matches: { cmd: ["ls*", "cat*"] }, action: "allow" },
    { tool: "mcp__web__*", action: "ask" },
  ];

  test("permissions and MCP servers", async () => {
    const ws = await create({
      // Amp's own start fails without its server; the settings are written before that.
      variables: {
        ...noServer,
        status_reports: "coder-mcp",
        base_amp_config: JSON.stringify({
          "amp.permissions": permissions,
          "amp.mcpServers": { local: { command: "true", args: ["$HOME", 'a "b"'] } },
        }),
        mcp: JSON.stringify({ web: { url: "http://127.0.0.1:9/mcp", headers: { "X-Team": "a b" } } }),
      },
      coder: true,
    });
    await ws.start();
    const amp = '"$HOME/.amp/bin/amp" --no-color';

    const listed = (await ws.run(`${amp} permissions list --json 2>/dev/null || ${amp} permissions list`))
      .stdout;
    for (const word of ["git push*", "ls*", "mcp__web__*", "mcp__coder__*"]) expect(listed).toContain(word);
    const answers = await Promise.all(
      ["git push origin", "ls -l"].map((cmd) => ws.run(`${amp} permissions test Bash --cmd '${cmd}'`)),
    );
    expect(answers.map(({ stdout }) => stdout.match(/reject|allow|ask/)?.[0])).toEqual(["reject", "allow"]);

    const servers = (await ws.run(`${amp} mcp list`)).stdout;
    for (const name of ["local", "web", "coder"]) expect(servers).toMatch(new RegExp(`\\b${name}\\b`));
  });
});

// The stand-in AgentAPI's terminal does not know the second screen that Amp leaves with its error on the first.
const { real: isRealAgentApi } = await findAgentApi();
test.skipIf(!isRealAgentApi)(
  "with no way to its server the script fails and says that Amp cannot connect",
  async () => {
    const ws = await create({ variables: { ...noServer, ai_prompt: "Hi" } });
    const result = await ws.start(IN_TIME);
    expect(result.exitCode).not.toBe(0);
    expect(result.stdout + result.stderr).toMatch(/cannot connect|could(n't| not) connect/i);
    expect(await ws.processes()).toEqual([]);
  },
);

test("with no key the script does not hang and names amp_api_key", async () => {
  const ws = await create({ variables: { amp_api_key: "", ai_prompt: "Hi" } });
  const result = await ws.start(IN_TIME);
  expect(result.exitCode).not.toBe(0);
  expect(result.stdout + result.stderr).toContain("amp_api_key");
  expect(await ws.processes()).toEqual([]);
});
