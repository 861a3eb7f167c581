import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { isGroupAlive, scripted } from "../amp/scripted.ts";
import { findAgentApi } from "../support/agentapi.ts";
import { findRealAmp, whyNoRealAmp } from "../support/amp.ts";
import { type AmpServer, startAmpServer } from "../support/amp-server.ts";
import { testApiKey } from "../support/workspace.ts";
import { ask, type Running, startAgentApi } from "./agentapi.ts";
import { buildAgent } from "./bundle.ts";

const [agentapi, amp] = await Promise.all([findAgentApi(), findRealAmp()]);
let bundle: Awaited<ReturnType<typeof buildAgent>>;
beforeAll(async () => {
  bundle = await buildAgent();
});
afterAll(() => bundle.remove());

/** The real Amp under the real AgentAPI and our agent, with a server on loopback. */
async function running(settings: object, args: string[] = []): Promise<Running & { server: AmpServer }> {
  const server = await startAmpServer();
  onTestFinished(() => server.close());
  const at = await scripted("none");
  mkdirSync(join(at.home, ".config", "amp"), { recursive: true });
  writeFileSync(join(at.home, ".config", "amp", "settings.json"), JSON.stringify(settings));
  const env = {
    ...at.env,
    AMP_URL: server.url,
    AMP_API_KEY: testApiKey,
    AMP_LOG_FILE: join(at.home, "amp.log"),
  };
  const flags = ["--state-dir", join(at.home, "state"), ...args];
  const started = await startAgentApi(agentapi.path, bundle.path, "none", flags, { ...at, env }, amp?.path);
  return { ...started, server };
}

/** Connections for the work on a thread: one for each Amp process. */
const processes = ({ requests }: AmpServer) =>
  requests.flatMap(({ name, params }) =>
    name === "ws executor_connect" ? (params as { capabilities: { pid: number } }).capabilities.pid : [],
  );

describe.skipIf(!amp || !agentapi.real)(`the real Amp ${whyNoRealAmp()}`, { timeout: 120_000 }, () => {
  test("one process takes message after message, and one that is killed is replaced on the same thread", async () => {
    const { server, ...chat } = await running({});
    const arrival = async (message: string) => {
      const begin = Date.now();
      expect(await ask(chat, message)).toBe(`Echo: ${message}`);
      const arrived = server.requests.findLast(({ name }) => name === "ws client_append_user_msg");
      return `${(arrived?.at ?? 0) - begin} ms`;
    };
    console.log(`from POST to Amp's server: ${await arrival("one")}, then ${await arrival("two")}`);
    expect(await ask(chat, "run: echo hello >&2; exit 3")).toMatch(
      /^✗ echo hello >&2; exit 3\n {4}exit code 3\n {4}hello\n\n/,
    );
    expect(await ask(chat, "run: echo a\nrun: echo b")).toMatch(/^✓ echo a\n✓ echo b\n\n/);
    expect(processes(server)).toHaveLength(1);

    const [pid = 0] = processes(server);
    const cut = ask(chat, "run: sleep 60");
    await expect
      .poll(() => server.requests.filter(({ name }) => name === "ws executor_tool_lease_ack").length, {
        timeout: 30_000,
      })
      .toBe(4);
    process.kill(pid, "SIGKILL");
    expect(await cut).toMatch(/✗ sleep 60\n[\s\S]*Amp could not do this\. Amp ended with signal SIGKILL/);
    expect(isGroupAlive(pid)).toBe(false);
    expect(await ask(chat, "four")).toBe("Echo: four");
    expect(processes(server)).toHaveLength(2);
    expect([...server.threads.keys()]).toHaveLength(1);
    expect(server.prompts()).toHaveLength(6);
  });

  test("a turn that is cancelled ends on Amp's server, too, and the conversation continues", async () => {
    const { server, ...chat } = await running({});
    const turn = ask(chat, "run: sleep 60");
    await expect
      .poll(() => server.requests.some(({ name }) => name === "ws executor_tool_lease_ack"), {
        timeout: 40_000,
      })
      .toBe(true);
    const [pid = 0] = processes(server);
    process.kill(chat.agentPid(), "SIGUSR2");
    expect(await turn).toMatch(/This turn was stopped\.$/);
    expect(server.requests.filter(({ name }) => name === "ws client_cancel")).toHaveLength(1);
    expect(isGroupAlive(pid)).toBe(false);
    expect(await ask(chat, "on")).toBe("Echo: on");
    expect([...server.threads.keys()]).toHaveLength(1);
  });

  test("a rule that asks reaches the person in the chat", async () => {
    const { server, ...chat } = await running({ "amp.permissions": [{ tool: "Bash", action: "ask" }] }, [
      "--ask",
      "chat",
    ]);
    expect(await ask(chat, "run: echo one\nrun: echo two")).toMatch(
      /\*\*Question 1.*Amp wants to run `echo (one|two)`/,
    );
    expect(await ask(chat, "yes")).toMatch(/\*\*Question 2/);
    const reply = await ask(chat, "use three instead");
    expect(reply).toContain("The user refused this tool call and says: use three instead");
    expect(reply).toMatch(/^✓ echo (one|two)$/m);
    expect(reply).toMatch(/^✗ echo (one|two)$/m);
    expect(server.prompts()).toEqual(["run: echo one\nrun: echo two"]);
    expect(processes(server)).toHaveLength(1);
  });
});
