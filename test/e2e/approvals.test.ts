import { execa } from "execa";
import { afterEach, describe, expect, test } from "vitest";
import { SCRIPTED_AMP } from "../amp/scripted.ts";
import { findAgentApi } from "../support/agentapi.ts";
import { type AmpServer, startAmpServer } from "../support/amp-server.ts";
import { createWorkspace, type Workspace, type WorkspaceOptions } from "../support/workspace.ts";

const agentapi = await findAgentApi();
const soon = { timeout: 60_000, interval: 200 };

let workspace: Workspace | undefined;
let server: AmpServer | undefined;
afterEach(async () => {
  await workspace?.dispose();
  await server?.close();
});

/** A workspace whose Amp must ask for every command. */
async function started({ variables, ...options }: WorkspaceOptions): Promise<Workspace> {
  const rules = JSON.stringify({ "amp.permissions": [{ tool: "Bash", action: "ask" }] });
  workspace = await createWorkspace({
    ...options,
    variables: { install_amp: false, base_amp_config: rules, ...variables },
  });
  const { exitCode, stderr } = await workspace.start();
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return workspace;
}

const type = async (ws: Workspace, command: string) =>
  (await ws.run(`exec "$HOME/.amp-module/bin/amp-module" ${command}`)).stdout;

/** The same at a terminal. */
async function atTerminal(ws: Workspace, command: string): Promise<string> {
  const line = `exec ${ws.moduleDir}/bin/amp-module ${command}`;
  const env = { ...ws.env, TERM: "xterm-256color" };
  const { stdout } = await execa("script", ["-qec", line, "/dev/null"], {
    env,
    extendEnv: false,
    reject: false,
  });
  return stdout.trim();
}

const say = (ws: Workspace, content: string) => ws.client.sendMessage({ type: "user", content });
const asks = (ws: Workspace, wanted: string) => expect.poll(() => type(ws, "approvals"), soon).toBe(wanted);
/** What was decided, without the times. */
const decisions = async (ws: Workspace) =>
  (await ws.log("approvals")).trim().replace(/^\S+ /gm, "").split("\n");

describe.skipIf(!agentapi.real)("a person at a terminal of the workspace", () => {
  test("answers what Amp's own dialog asks: allowed, and refused with a reason that Amp is told", async () => {
    const amp = await startAmpServer();
    server = amp;
    const ws = await started({ ampServer: amp });
    const answer = () => [...amp.threads.values()].flat().findLast(({ role }) => role === "assistant")?.text;
    expect(await type(ws, "approvals")).toBe("Amp asks for nothing at the moment.\n");
    expect(await atTerminal(ws, "approve")).toMatch(/asks for nothing at the moment/);

    await say(ws, "run: echo one");
    await asks(ws, "1  Bash: echo one\n");
    const refused = await ws.run(`exec "$HOME/.amp-module/bin/amp-module" approve`);
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/a person at a terminal only/),
    });
    expect(await atTerminal(ws, "approve 2")).toMatch(/There is no question 2/);
    expect(await atTerminal(ws, "approve")).toBe("Allowed: Bash: echo one");
    await expect.poll(answer, soon).toMatch(/^echo one: .*"exitCode":0/);

    // Amp asks for the reason of a refusal after its other questions.
    await expect.poll(async () => (await ws.client.status()).status, soon).toBe("stable");
    await say(ws, "run: echo two\nrun: echo three");
    await asks(ws, "1  Bash: echo two\n");
    expect(await atTerminal(ws, "deny use staging, please")).toMatch(
      /^Refused: Bash: echo two\s+Amp asks for the reason after its other questions/,
    );
    await asks(ws, "1  Bash: echo three\n");
    expect(await atTerminal(ws, "approve")).toBe("Allowed: Bash: echo three");
    await asks(ws, "1  ?: what was refused before; Amp waits for the reason\n");
    expect(await atTerminal(ws, "deny use staging, please")).toMatch(/^Refused: /);
    await expect.poll(answer, soon).toMatch(/^echo two: .*use staging, please.*\necho three: .*"exitCode":0/);

    await expect.poll(async () => (await ws.client.status()).status, soon).toBe("stable");
    await say(ws, "run: echo four");
    await asks(ws, "1  Bash: echo four\n");
    expect(await atTerminal(ws, "deny 1 not today")).toBe("Refused: Bash: echo four");
    await expect.poll(answer, soon).toMatch(/^echo four: .*not today/);
    expect(await decisions(ws)).toEqual([
      "yes (terminal): Bash: echo one",
      "no (terminal): Bash: echo two",
      "yes (terminal): Bash: echo three",
      "no (terminal): Bash: echo four",
    ]);
  }, 180_000);

  test("whom nobody answers in time Amp is told so by its own dialog, and to ask again", async () => {
    const amp = await startAmpServer();
    server = amp;
    const ws = await started({ ampServer: amp, variables: { approval_timeout: 1 } });
    await say(ws, "run: echo one\nrun: echo two");
    const answers = () => [...amp.threads.values()].flat().filter(({ role }) => role === "assistant");
    await expect.poll(() => answers().length, soon).toBe(1);
    expect(answers()[0]?.text).toMatch(
      /^echo one: .*Nobody answered within 1 s.*\necho two: .*and ask again\./,
    );
    expect(await decisions(ws)).toEqual([
      "no (time limit): Bash: echo one",
      "no (time limit): Bash: echo two",
    ]);
  }, 180_000);

  test("answers the stream agent's questions, by number or the oldest", async () => {
    const ws = await started({
      amp: "none",
      agentapi: "real",
      env: { AMP_CLI_PATH: SCRIPTED_AMP, AMP_STREAM: "ask", AMP_MODULE_MIN_LIFE_MS: "1500" },
      variables: { transport: "stream", status_reports: "off" },
    });
    const last = async () => (await ws.client.messages().catch(() => [])).at(-1)?.content;
    await say(ws, "echo one");
    expect(await type(ws, "approvals")).toBe("1  Bash: echo one\n");
    const refused = await ws.run(`exec "$HOME/.amp-module/bin/amp-module" approve`);
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/a person at a terminal only/),
    });
    expect(await atTerminal(ws, "approve")).toBe("Allowed: Bash: echo one");
    await expect.poll(last, soon).toMatch(/ran it: one$/);

    await say(ws, "ask-both: echo two|echo three");
    const [second, third] = (await type(ws, "approvals")).trim().split("\n");
    expect([second?.slice(3), third?.slice(3)].sort()).toEqual(["Bash: echo three", "Bash: echo two"]);
    expect(await atTerminal(ws, "deny 3 use staging")).toBe(`Refused: ${third?.slice(3)}`);
    await expect.poll(last, soon).toContain("Question 2:");
    expect(await atTerminal(ws, "approve 2 --always")).toBe(`Allowed: ${second?.slice(3)}`);
    await expect.poll(last, soon).toMatch(/says: use staging/);
    expect(await decisions(ws)).toEqual([
      "yes (terminal): Bash: echo one",
      `no (terminal): ${third?.slice(3)}`,
      `always (terminal): ${second?.slice(3)}`,
    ]);

    await say(ws, "echo four");
    expect(await type(ws, "approvals")).toBe("4  Bash: echo four\n");
    await ws.stop();
    expect(await ws.processes()).toEqual([]);
    expect((await decisions(ws)).at(-1)).toBe("no (turn ended): Bash: echo four");
  }, 120_000);
});
