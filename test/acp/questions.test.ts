import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { DOOR, type DoorReply, type DoorRequest } from "../../src/acp/approval-door.ts";
import { WAITING } from "../../src/acp/signals.ts";
import { isGroupAlive, scripted } from "../amp/scripted.ts";
import { findAgentApi } from "../support/agentapi.ts";
import { startCoderApi } from "../support/coder-api.ts";
import { ask, type Running, startAgentApi } from "./agentapi.ts";
import { buildAgent } from "./bundle.ts";

const agentapi = await findAgentApi();
let bundle: Awaited<ReturnType<typeof buildAgent>>;
beforeAll(async () => {
  bundle = await buildAgent();
});
afterAll(() => bundle.remove());

interface Asking extends Running {
  /** What was decided, without the times. */
  decisions(): string[];
  door(request: DoorRequest): Promise<DoorReply>;
}

/** An Amp that must ask for every command, under AgentAPI. */
async function asking(
  args: string[] = [],
  channel = "chat",
  env: Record<string, string> = {},
): Promise<Asking> {
  const plain = await scripted("ask");
  const at = { ...plain, env: { ...plain.env, ...env } };
  mkdirSync(join(at.home, ".config", "amp"), { recursive: true });
  writeFileSync(
    join(at.home, ".config", "amp", "settings.json"),
    '{"amp.permissions":[{"tool":"Bash","action":"ask"}]}',
  );
  const log = join(at.home, "approvals.log");
  const state = join(at.home, "state");
  const flags = ["--ask", channel, "--approvals-log", log, "--state-dir", state, ...args];
  const running = await startAgentApi(agentapi.path, bundle.path, "ask", flags, at);
  return {
    ...running,
    decisions: () =>
      existsSync(log)
        ? readFileSync(log, "utf8")
            .trim()
            .split("\n")
            .map((line) => line.replace(/^\S+ /, ""))
        : [],
    async door(request) {
      const socket = connect({ path: join(state, DOOR) });
      socket.end(JSON.stringify(request));
      return JSON.parse(await text(socket)) as DoorReply;
    },
  };
}

const question = (number: number, cmd: string) =>
  expect.stringMatching(
    new RegExp(`Question ${number}.*Amp wants to run \`${cmd}\` \\(Bash\\)\\. Reply yes, no, always`),
  );
/** How Amp was started for a conversation, in order. */
const runs = (running: Running) => running.at.calls().filter(({ args }) => args.includes("--execute"));
const contents = async ({ client }: Running) =>
  // While a turn runs there is no answer.
  (await client.messages({ timeoutMs: 10_000 })).map(({ content }) => content);
const ended = (running: Running) => new Promise((resolve) => running.process.once("exit", resolve));

describe.skipIf(!agentapi.real)("a person in the chat", { timeout: 120_000 }, () => {
  test("yes runs it, and the reply tells how it went; no does not", async () => {
    const running = await asking();
    expect(await ask(running, "echo one")).toEqual(question(1, "echo one"));
    expect(running.log()).toContain(`${WAITING}1 (echo one)`);
    expect(await ask(running, "Yes.")).toBe("✓ echo one\n\nran it: one");
    expect(running.log()).toContain(`${WAITING}0`);

    expect(await ask(running, "echo two")).toEqual(question(2, "echo two"));
    expect(await ask(running, "no")).toMatch(
      /echo two.*: The user refused this tool call\.\n[\s\S]*I could not run it\.$/,
    );
    expect(running.decisions()).toEqual(["yes (chat): Bash: echo one", "no (chat): Bash: echo two"]);
    // All of that was one Amp, which was told of no answer as of a prompt.
    expect(runs(running)).toHaveLength(1);
    expect(running.at.messages()).toHaveLength(2);
  });

  test("always counts for exactly this call", async () => {
    const running = await asking();
    await ask(running, "echo one");
    await ask(running, "always");
    expect(await ask(running, "echo one")).toMatch(/ran it: one$/);
    expect(await ask(running, "echo other")).toEqual(question(2, "echo other"));
    expect(await ask(running, "no")).toContain("I could not run it.");
    expect(running.decisions()).toEqual([
      "always (chat): Bash: echo one",
      "yes (said always before): Bash: echo one",
      "no (chat): Bash: echo other",
    ]);
  });

  test("anything else is what Amp is to do instead", async () => {
    const running = await asking();
    await ask(running, "echo one");
    expect(await ask(running, "use the staging server, yes?")).toContain(
      "The user refused this tool call and says: use the staging server, yes?",
    );
    expect(running.decisions()).toEqual(["no (chat): Bash: echo one"]);
  });

  test("two questions at once come one after the other", async () => {
    const running = await asking();
    const first = await ask(running, "ask-both: echo one|echo two");
    expect(first).toMatch(/Question 1/);
    await expect
      .poll(() => running.door({ verb: "list" }))
      .toMatchObject({ open: [{ number: 1 }, { number: 2 }] });
    expect(await ask(running, "yes 2")).toMatch(/Question 1/);
    expect(await ask(running, "no")).toMatch(/and (one|two)|(one|two) and /);
    expect(running.decisions()).toHaveLength(2);
    expect(running.decisions().filter((line) => line.startsWith("yes"))).toHaveLength(1);
  });

  test("a question whose Amp was killed is gone, which the chat is told; the next message has a new Amp", async () => {
    const running = await asking();
    await ask(running, "echo one");
    process.kill(runs(running)[0]?.pid ?? 0, "SIGKILL");
    await expect
      .poll(() => contents(running), { timeout: 20_000 })
      .toEqual([
        "echo one",
        question(1, "echo one"),
        "The turn has ended before an answer to question 1: `echo one`",
        expect.stringMatching(/Amp could not do this\./),
      ]);
    expect(running.decisions()).toEqual(["no (turn ended): Bash: echo one"]);
    expect(await ask(running, "echo: on")).toMatch(/You said: on$/);
    expect(runs(running)).toHaveLength(2);
  });

  test("a stop at an open question leaves nothing, and allows nothing", async () => {
    const running = await asking();
    await ask(running, `touch ${running.at.home}/done`);
    running.process.kill("SIGTERM");
    await ended(running);
    const group = runs(running)[0]?.pid ?? 0;
    await expect.poll(() => isGroupAlive(group), { timeout: 20_000 }).toBe(false);
    expect(existsSync(join(running.at.home, "done"))).toBe(false);
    await expect
      .poll(() => running.decisions(), { timeout: 20_000 })
      .toEqual([`no (turn ended): Bash: touch ${running.at.home}/done`]);
  });

  test("what nobody answers is refused after the time, and the chat shows what Amp then says", async () => {
    const running = await asking(["--approval-timeout", "1"]);
    await ask(running, "echo one");
    await expect
      .poll(() => contents(running), { timeout: 20_000 })
      .toEqual([
        "echo one",
        question(1, "echo one"),
        "Nobody has answered question 1: `echo one`",
        expect.stringMatching(/Nobody answered within 1 s\.[\s\S]*ask again[\s\S]*I could not run it\.$/),
      ]);
    expect(running.decisions()).toEqual(["no (time limit): Bash: echo one"]);
    // Not an answer any more, but what the person says.
    expect(await ask(running, "echo: yes")).toMatch(/You said: yes$/);
  });

  test("Coder shows what waits for whom: a question, its command, the end", async () => {
    const coder = await startCoderApi({ token: "token-71c0", taskId: "none", answer: 404 });
    onTestFinished(() => coder.close());
    const env = { CODER_AGENT_URL: coder.url, CODER_AGENT_TOKEN: "token-71c0", AMP_MODULE_STATUS_APP: "amp" };
    const shows = (wanted: RegExp) =>
      expect
        .poll(() => `${coder.statuses.at(-1)?.state}: ${coder.statuses.at(-1)?.message}`, { timeout: 20_000 })
        .toMatch(wanted);
    const running = await asking([], "chat", env);
    const wait = `until [ -e ${running.at.home}/go ]; do sleep 0.1; done`;
    await ask(running, wait);
    await shows(/^idle: Waiting for your approval: until /);
    const reply = ask(running, "yes");
    await shows(/^working: Running `until /);
    writeFileSync(join(running.at.home, "go"), "");
    await reply;
    await shows(/^idle: Done: waiting for a message$/);
    expect(coder.complaints).toEqual([]);
  });

  test("an answer from a terminal shows in the chat", async () => {
    const running = await asking();
    await ask(running, "echo one");
    expect(await running.door({ verb: "answer", decision: "yes" })).toMatchObject({
      answered: { number: 1, title: "echo one" },
      open: [],
    });
    await expect
      .poll(() => contents(running), { timeout: 20_000 })
      .toEqual([
        "echo one",
        question(1, "echo one"),
        'Answered "yes" in a terminal: `echo one`',
        "✓ echo one\n\nran it: one",
      ]);
    expect(running.decisions()).toEqual(["yes (terminal): Bash: echo one"]);
  });
});

describe.skipIf(!agentapi.real)("a person in a terminal only", { timeout: 120_000 }, () => {
  test("the chat waits, says how to answer, and cannot answer itself", async () => {
    const running = await asking([], "terminal");
    const reply = ask(running, "echo one");
    await expect
      .poll(() => running.door({ verb: "list" }), { timeout: 20_000 })
      .toMatchObject({ open: [{ number: 1, title: "echo one" }] });
    // The turn runs, so that AgentAPI passes on no message that could be taken for an answer.
    expect(
      (await running.client.messages({ timeoutMs: 500 }).catch((error: unknown) => error)) as Error,
    ).toMatchObject({
      kind: "timeout",
    });
    await running.door({ verb: "answer", number: 1, decision: "no", reason: "not today" });
    expect(await reply).toMatch(/`amp-module approve 1`[\s\S]*says: not today[\s\S]*I could not run it\.$/);
    expect(running.decisions()).toEqual(["no (terminal): Bash: echo one"]);
  });
});
