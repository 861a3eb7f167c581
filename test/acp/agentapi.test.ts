import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSignals } from "../../src/acp/signals.ts";
import { isGroupAlive, SCRIPTED_AMP, scripted } from "../amp/scripted.ts";
import { findAgentApi } from "../support/agentapi.ts";
import { ask, startAgentApi as start } from "./agentapi.ts";
import { buildAgent } from "./bundle.ts";

const agentapi = await findAgentApi();
let bundle: Awaited<ReturnType<typeof buildAgent>>;
beforeAll(async () => {
  bundle = await buildAgent();
});
afterAll(() => bundle.remove());

if (!agentapi.real) test.skip("the stand-in for AgentAPI has no ACP: see delivery.test.ts instead", () => {});

type Rest = typeof start extends (agentapi: string, bundle: string, ...rest: infer R) => unknown ? R : never;
const startAgentApi = (...rest: Rest) => start(agentapi.path, bundle.path, ...rest);

function residentMb(pid: number): number {
  const kb = readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)?.[1];
  return Math.round(Number(kb) / 1024);
}

describe.skipIf(!agentapi.real)(`AgentAPI ${agentapi.version} with the agent`, { timeout: 90_000 }, () => {
  test("stable at once, running while Amp works, stable with the exact text after it", async () => {
    const running = await startAgentApi("echo");
    expect(await running.client.status()).toMatchObject({ status: "stable", transport: "acp" });

    const content = 'Say "$(id)" `x` äß🧮\n\n  two\tlines \\n';
    const statuses: string[] = [];
    const controller = new AbortController();
    const listening = (async () => {
      for await (const event of running.client.events({ signal: controller.signal })) {
        if (event.event === "status_change") statuses.push(event.data.status);
      }
    })().catch(() => {});
    await expect.poll(() => statuses).toEqual(["stable"]);
    expect(await ask(running, content.trim())).toBe(`You said: ${content.trim()}`);
    await expect.poll(() => statuses).toEqual(["stable", "running", "stable"]);
    controller.abort();
    await listening;
  });

  test("a first prompt that AgentAPI sends before it listens arrives, and so does its answer", async () => {
    const flags = ["--initial-prompt", "one|two|three"];
    const { client } = await startAgentApi("pieces", [], undefined, SCRIPTED_AMP, flags);
    await expect
      .poll(async () => (await client.messages()).map(({ content }) => content), { timeout: 10_000 })
      .toEqual(["one|two|three", "one\n\ntwo\n\nthree"]);
    await expect.poll(async () => (await client.status()).status).toBe("stable");
  });

  test("a second prompt goes on with the same thread, and so does the next start", async () => {
    const first = await startAgentApi("echo");
    await ask(first, "one");
    await ask(first, "two");
    const [, one] = [
      0,
      JSON.parse(readFileSync(join(first.at.home, "thread.json"), "utf8")) as { threadId: string },
    ];
    first.process.kill("SIGTERM");
    await new Promise((resolve) => first.process.once("exit", resolve));
    const second = await startAgentApi("echo", ["--continue"], first.at);
    await ask(second, "three");

    const calls = first.at.calls().map(({ args }) => args.slice(0, 3).join(" "));
    expect(calls).toEqual([
      "--execute --stream-json --stream-json-thinking",
      `threads continue ${one.threadId}`,
    ]);
  });

  test("200 turns lose no trailing text and keep the order of the pieces", { timeout: 300_000 }, async () => {
    const running = await startAgentApi("pieces", [], undefined, join(SCRIPTED_AMP, "..", "amp-pieces"));
    const begin = performance.now();
    const megabytes: number[] = [];
    for (let turn = 0; turn < 200; turn += 1) {
      if (turn % 50 === 49) megabytes.push(residentMb(running.agentPid()));
      const pieces = Array.from({ length: 6 }, (_, index) => `piece ${index} of turn ${turn}`);
      expect(await ask(running, pieces.join("|"))).toBe(pieces.join("\n\n"));
    }
    console.log(
      `200 turns through AgentAPI: none lost, ${((performance.now() - begin) / 200).toFixed(0)} ms each`,
    );
    expect(running.log()).not.toContain("late/unexpected chunk");
    expect(running.at.calls()).toHaveLength(1);
    // After 50 turns all is loaded and compiled.
    expect((megabytes.at(-1) ?? 0) - (megabytes[0] ?? 0)).toBeLessThan(25);
    console.log(`the agent after 50, 100, 150 and 200 turns: ${megabytes.join(", ")} MB`);
  });

  test("tool calls read well", async () => {
    const text = await ask(await startAgentApi("tools"), "work");

    expect(text).toBe(
      [
        "✓ npm test # all",
        "✗ Edit /tmp/a.txt",
        "    no such file",
        "Plan:",
        "- [ ] Write it (now)",
        "- [ ] Test it",
        "✓ Subagent Look around",
        "",
        "All done.",
      ].join("\n"),
    );
  });

  test("an ask rule is refused, though AgentAPI answers every question with allow", async () => {
    const at = await scripted("ask");
    mkdirSync(join(at.home, ".config", "amp"), { recursive: true });
    writeFileSync(
      join(at.home, ".config", "amp", "settings.json"),
      '{"amp.permissions":[{"tool":"Bash","action":"ask"}]}',
    );
    for (const args of [[], ["--ask", "client"]]) {
      const running = await startAgentApi("ask", args, at);
      const text = await ask(running, `touch ${at.home}/done`);

      expect(text).toContain("Bash was not allowed (touch");
      expect(text).toContain("I could not run it.");
      expect(() => readFileSync(join(at.home, "done"))).toThrow("ENOENT");
    }
    const allowed = await ask(await startAgentApi("ask", ["--ask", "allow"], at), "echo yes");
    expect(allowed).toMatch(/ran it: yes$/);
  });

  test("a failure is told in the conversation, and the next prompt works", async () => {
    const running = await startAgentApi("echo");

    expect(await ask(running, "crash: x")).toMatch(
      /^half\n\nAmp could not do this\. Amp ended with signal SIGKILL/,
    );
    expect(await ask(running, "echo: on we go")).toBe("You said: on we go");
  });

  test("a key that somebody presses is no prompt, and a turn that fails leaves no call open", async () => {
    const running = await startAgentApi("echo");
    expect(await ask(running, "\u0003")).toContain("nothing but control characters");
    // A raw message is no part of AgentAPI's conversation: there the log alone tells.
    await running.client.sendMessage({ type: "raw", content: "\u001b" }, { timeoutMs: 30_000 });
    await expect
      .poll(() => readSignals(running.log()).failedTurns.map(({ kind }) => kind), { timeout: 20_000 })
      .toEqual(["bad_prompt", "bad_prompt"]);
    expect(running.at.calls()).toEqual([]);
    expect(await ask(running, "open-call: fail")).toMatch(
      /^✗ sleep 9\n\nAmp could not do this\. .*Out of Credits/s,
    );
    expect(readSignals(running.log()).failedTurns.at(-1)).toEqual({
      kind: "out_of_credits",
      reason: expect.stringContaining("Out of Credits"),
    });
  });

  test("SIGTERM ends AgentAPI, the agent and Amp", async () => {
    const running = await startAgentApi("echo");
    const sent = running.client.sendMessage({ type: "user", content: "wait: x" }).catch(() => {});
    await expect.poll(() => running.at.messages().length, { timeout: 20_000 }).toBe(1);
    const pid = running.at.pid();
    expect(isGroupAlive(pid)).toBe(true);
    running.process.kill("SIGTERM");
    await new Promise((resolve) => running.process.once("exit", resolve));
    await sent;

    await expect.poll(() => isGroupAlive(pid), { timeout: 20_000 }).toBe(false);
  });
});
