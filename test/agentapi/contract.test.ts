import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it, type TestContext } from "vitest";
import { AgentApiError } from "../../src/agentapi/errors.ts";
import type { AgentApiEvent } from "../../src/agentapi/events.ts";
import { firstAnswer, until } from "../../src/agentapi/wait.ts";
import { findAgentApi, standInAgentApi } from "../support/agentapi.ts";
import {
  isAlive,
  type Server,
  type ServerOptions,
  spawnServer,
  stable,
  startStableServer,
  userMessage,
} from "./server.ts";

// The same assertions on the stand-in and on the real one: what the other tests take the stand-in for is true.

const trickyPrompt =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell would expand it, and none may
  'Fix `id` $(touch pwned) "double" \'single\' ${HOME} %s \\ ! 日本語\nand a second line; rm -rf "$PWD"/*';

const found = await findAgentApi();
const implementations = [{ name: "stand-in", binary: standInAgentApi }];
if (found.real) implementations.push({ name: `real ${found.version}`, binary: found.path });

if (!found.real) {
  describe("AgentAPI contract", () => {
    it("LEFT OUT for the real AgentAPI: only the stand-in was tested", ({ skip }) => {
      console.warn("AgentAPI contract: no real `agentapi` can be had here, only the stand-in was tested");
      skip("no real agentapi");
    });
  });
}

describe.concurrent.each(implementations)("AgentAPI contract: $name", { timeout: 30_000 }, ({ binary }) => {
  type Options = Omit<ServerOptions, "binary">;
  const start = (context: TestContext, options: Options = {}) =>
    disposed(context, startStableServer({ binary, ...options }));
  const launch = (context: TestContext, options: Options = {}) =>
    disposed(context, spawnServer({ binary, ...options }));

  it("names its version and refuses unknown flags, agent types and commands", ({ expect }) => {
    const run = (...args: string[]) =>
      spawnSync(binary, args, { encoding: "utf8", input: "", timeout: 10_000 });
    expect(run("--version").stdout).toBe("agentapi version 0.12.1\n");
    expect(run("server", "--help").stdout).toMatch(/--state-file[\s\S]*--term-height/);
    const unknown = run("server", "--no-such-flag", "--", "true");
    expect(unknown.status).toBe(1);
    expect(unknown.stderr).toContain("unknown flag: --no-such-flag");
    expect(run("server", "--type", "parrot", "--", "true").stderr).toContain("invalid agent type: parrot");
    expect(run("server").status).toBe(1);
    expect(run("no-such-command").status).toBe(1);
    const tooNarrow = run("server", "--term-width", "9", "--", "true");
    expect([tooNarrow.status, tooNarrow.stderr]).toEqual([1, expect.stringContaining("at least 10")]);
  });

  it("is running first and stable when the screen rests", async (context) => {
    const { expect } = context;
    const { client } = await start(context);
    expect(await client.status()).toEqual({ status: "stable", agent_type: "amp", transport: "pty" });
    const messages = await client.messages();
    expect(messages).toMatchObject([{ id: 0, role: "agent" }]);
    expect(messages[0]?.content.trimEnd()).toBe("Fixture agent ready.");
    expect(Date.parse(messages[0]?.time ?? "")).toBeGreaterThan(Date.now() - 60_000);
  });

  it("brings a prompt full of shell characters to the agent byte for byte", async (context) => {
    const { expect } = context;
    const { client, received, folder } = await start(context);
    await client.sendMessage({ type: "user", content: trickyPrompt });
    await stable(client);
    expect(await received()).toContain(`\x1b[200~${trickyPrompt}\x1b[201~`);
    const messages = await client.messages();
    expect(messages.map(({ id, role }) => [id, role])).toEqual([
      [0, "agent"],
      [1, "user"],
      [2, "agent"],
    ]);
    expect(messages[1]?.content).toBe(trickyPrompt);
    expect(messages[2]?.content).toContain(`You sent ${Buffer.byteLength(trickyPrompt)} bytes.`);
    expect(existsSync(join(folder, "pwned"))).toBe(false);
  });

  it("brings 60 KB to the agent whole", async (context) => {
    const { expect } = context;
    const { client, received } = await start(context);
    const prompt = Array.from({ length: 1000 }, (_, line) => `${line} ${'日本 "q" $x '.repeat(4)}`)
      .join("\n")
      .trim();
    await client.sendMessage({ type: "user", content: prompt });
    expect(await received()).toContain(`\x1b[200~${prompt}\x1b[201~`);
    expect((await client.messages())[1]?.content).toBe(prompt);
  });

  it("writes raw keys without recording them", async (context) => {
    const { expect } = context;
    const { client, received } = await start(context);
    await client.sendMessage({ type: "raw", content: "\x1b[200~ raw $(id) \x1b[201~" });
    await client.sendMessage({ type: "raw", content: "\r" });
    await until(client, (event) => /You sent 11 bytes/.test(textOf(event)), { timeoutMs: 8_000 });
    expect(await received()).toContain("\x1b[200~ raw $(id) \x1b[201~\r");
    expect((await client.messages()).filter(({ role }) => role === "user")).toEqual([]);
  });

  it("trims outer white space and refuses what is empty then", async (context) => {
    const { expect } = context;
    const { client, received } = await start(context);
    for (const content of ["", " \n\t"]) {
      const refused = client.sendMessage({ type: "user", content });
      await expect(refused).rejects.toMatchObject({
        kind: "http",
        status: 500,
        message: expect.stringMatching(/must not be empty/),
      });
    }
    await client.sendMessage({ type: "user", content: " \n in the middle \t\n" });
    expect((await client.messages())[1]?.content).toBe("in the middle");
    expect(await received()).toContain("\x1b[200~in the middle\x1b[201~");
  });

  it("refuses a user message while the agent works", async (context) => {
    const { expect } = context;
    const { client } = await start(context);
    await client.sendMessage({ type: "user", content: "busy 3000" });
    expect((await client.status()).status).toBe("running");
    const refused = client.sendMessage({ type: "user", content: "too early" });
    await expect(refused).rejects.toMatchObject({
      status: 500,
      message: expect.stringMatching(/waiting for user input/),
    });
    await stable(client);
    await client.sendMessage({ type: "user", content: "in time" });
    const users = (await client.messages()).filter(({ role }) => role === "user");
    expect(users.map(({ content }) => content)).toEqual(["busy 3000", "in time"]);
  });

  it("explains a malformed request as problem details", async (context) => {
    const { expect } = context;
    const { client, port } = await start(context);
    const wrongType = client.sendMessage({ type: "shout" as "user", content: "my secret prompt" });
    await expect(wrongType).rejects.toMatchObject({
      kind: "http",
      status: 422,
      detail: expect.stringMatching(/body\.type/),
    });
    await expect(wrongType).rejects.not.toThrow(/secret/);
    const post = (body: string) =>
      fetch(`http://127.0.0.1:${port}/message`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
    const broken = await post("{broken");
    expect([broken.status, broken.headers.get("content-type")]).toEqual([400, "application/problem+json"]);
    expect((await post('{"type":"raw"}')).status).toBe(422);
    expect((await fetch(`http://127.0.0.1:${port}/message`)).status).toBe(405);
    expect((await fetch(`http://127.0.0.1:${port}/nothing`)).status).toBe(404);
    // Not one of the allowed hosts, though it leads to the same place.
    expect((await fetch(`http://127.0.0.2:${port}/status`)).status).toBe(400);
  });

  it("streams the past first and then what changes", async (context) => {
    const { expect } = context;
    const { client } = await start(context);
    const events: AgentApiEvent[] = [];
    const reading = (async () => {
      for await (const event of client.events()) {
        events.push(event);
        if (/You sent/.test(textOf(event))) return;
      }
    })();
    await client.sendMessage({ type: "user", content: "hello" });
    await reading;
    expect(events[0]).toMatchObject({ event: "message_update", data: { id: 0, role: "agent" } });
    expect(events[1]).toEqual({ event: "status_change", data: { status: "stable", agent_type: "amp" } });
    expect(events).toContainEqual({
      event: "message_update",
      data: { id: 1, role: "user", message: "hello", time: expect.any(String) },
    });
    expect(events).toContainEqual({ event: "status_change", data: { status: "running", agent_type: "amp" } });
  });

  it("stores an upload under its name, whatever path it claims", async (context) => {
    const { expect } = context;
    const { client } = await start(context);
    const bytes = new Uint8Array([0, 255, 10, 13, 200]);
    const { filePath } = await client.upload(new Blob([bytes]), "../../日本 1.bin");
    expect(filePath).toMatch(/^\/.+\/日本 1\.bin$/);
    expect(filePath).not.toContain("..");
    expect(new Uint8Array(await readFile(filePath))).toEqual(bytes);
    const tooBig = client.upload(new Blob([new Uint8Array(10 * 1024 * 1024 + 1)]), "big");
    await expect(tooBig).rejects.toMatchObject({
      kind: "http",
      status: 400,
      message: expect.stringMatching(/10MB/),
    });
  });

  it("sends piped stdin as the first prompt once the box is drawn", async (context) => {
    const { expect } = context;
    const { client, received } = await launched(launch(context, { stdin: `${trickyPrompt}\n` }));
    await userMessage(client);
    expect((await client.messages())[1]).toMatchObject({ role: "user", content: trickyPrompt });
    expect(await received()).toContain(`\x1b[200~${trickyPrompt}\x1b[201~\r`);
  });

  it("takes flags from the environment, the command line first", async (context) => {
    const { expect } = context;
    const env = { AGENTAPI_INITIAL_PROMPT: "from the environment", AGENTAPI_PORT: "1" };
    const { client } = await launched(launch(context, { env }));
    await userMessage(client);
    expect((await client.messages())[1]?.content).toBe("from the environment");
  });

  it("keeps the conversation in its state file and does not send the prompt again", async (context) => {
    const { expect } = context;
    const first = await launched(launch(context, { flags: ["--state-file", "state/s.json"], stdin: "once" }));
    const file = join(first.folder, "state/s.json");
    await userMessage(first.client);
    await stable(first.client);
    first.process.kill("SIGUSR1");
    await eventually(() => existsSync(file));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const saved = JSON.parse(await readFile(file, "utf8"));
    expect(saved).toMatchObject({ version: 1, initial_prompt: "once", initial_prompt_sent: true });
    expect((await first.client.status()).status).toBe("stable");
    const before = (await first.client.messages()).map(({ role, content }) => [role, content]);
    first.process.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    const second = await start(context, { flags: ["--state-file", file], stdin: "once" });
    expect((await second.client.messages()).map(({ role, content }) => [role, content])).toEqual(before);
    expect(await second.received()).not.toContain("once");
  });

  it("reports a state file that it cannot read and starts anew", async (context) => {
    const { expect } = context;
    const server = await launch(context, { flags: ["--state-file", "broken.json"] });
    await writeFile(join(server.folder, "broken.json"), "{broken");
    const { client } = await launched(Promise.resolve(server));
    const isFault = ({ event }: AgentApiEvent) => event === "agent_error";
    const event = await until(client, isFault, { timeoutMs: 8_000 });
    expect(event).toMatchObject({
      data: { level: "warning", message: expect.stringMatching(/restore previous session/) },
    });
    expect((await client.status()).agent_type).toBe("amp");
  });

  it("writes its pid, refuses a file with any live pid and replaces a stale one", async (context) => {
    const { expect } = context;
    const server = await start(context, { flags: ["--pid-file", "run/agentapi.pid"] });
    const file = join(server.folder, "run/agentapi.pid");
    expect((await readFile(file, "utf8")).trim()).toBe(`${server.process.pid}`);
    const second = await launch(context, { flags: ["--pid-file", file] });
    expect(await second.ended).toBe(1);
    expect(second.stderr()).toContain(`already running with PID ${server.process.pid}`);
    server.process.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(existsSync(file)).toBe(false);
    await writeFile(file, "4194400\n");
    const third = await start(context, { flags: ["--pid-file", file] });
    expect((await readFile(file, "utf8")).trim()).toBe(`${third.process.pid}`);
  });

  it("ends with 1 and the agent's last screen when the agent fails, with 0 when it ends well", async (context) => {
    const { expect } = context;
    const failed = await launch(context, { env: { FIXTURE_EXIT: "3" } });
    expect(await failed.ended).toBe(1);
    expect(failed.stderr()).toMatch(
      /agent exited with error:[\s\S]*=+\n[\s\S]*cannot connect: fixture failure[\s\S]*=+/,
    );
    const ended = await launch(context, { env: { FIXTURE_EXIT: "0" } });
    expect(await ended.ended).toBe(0);
    const missing = await launch(context, { agent: ["no-such-agent-program"] });
    expect(await missing.ended).toBe(1);
  });

  it("breaks the connection when the agent ends during a message", async (context) => {
    const { expect } = context;
    const server = await start(context);
    const sent = server.client.sendMessage({ type: "user", content: "quiet" });
    const outcome = expect(sent).rejects.toMatchObject({ kind: "unreachable" });
    await eventually(async () => (await server.received()).includes("quiet"));
    process.kill(await server.agentPid(), "SIGKILL");
    await outcome;
    expect(await server.ended).toBe(1);
  });

  it("takes its agent with it when it is killed", async (context) => {
    const server = await start(context);
    const agent = await server.agentPid();
    server.process.kill("SIGKILL");
    await eventually(() => !isAlive(agent));
  });

  it("ends with 1 when its port is taken", async (context) => {
    const { expect } = context;
    const holder = createServer().listen(0);
    context.onTestFinished(() => void holder.close());
    await eventually(() => holder.listening);
    const server = await launch(context, { port: (holder.address() as AddressInfo).port });
    expect(await server.ended).toBe(1);
    expect(server.stderr()).toContain("address already in use");
  });

  it("closes streams and agent on SIGTERM", async (context) => {
    const { expect } = context;
    const server = await start(context);
    const reading = (async () => {
      for await (const _event of server.client.events());
    })();
    const agent = await server.agentPid();
    await sleep(200);
    server.process.kill("SIGTERM");
    await reading.catch((error: unknown) => expect(error).toBeInstanceOf(AgentApiError));
    expect(await server.ended).toBe(0);
    await eventually(() => !isAlive(agent));
    await expect(server.client.status()).rejects.toMatchObject({ kind: "unreachable" });
  });

  it("without a box becomes stable, never sends its first prompt, and still takes raw keys", async (context) => {
    const { expect } = context;
    const server = await launched(launch(context, { env: { FIXTURE_BOX: "0" }, stdin: "never sent" }));
    await stable(server.client);
    await sleep(1_000);
    expect(await server.received()).not.toContain("never sent");
    expect((await server.client.messages()).map(({ role }) => role)).toEqual(["agent"]);
    await server.client.sendMessage({ type: "raw", content: "keys\r" });
    await until(server.client, (event) => /You sent 4 bytes/.test(textOf(event)), { timeoutMs: 8_000 });
  });

  it("takes a blank screen for a box: a prompt that nobody can see is typed into whatever comes next", async (context) => {
    const { expect } = context;
    const code = `process.stdin.setRawMode?.(true);
      process.stdin.on("data", (data) => require("fs").appendFileSync(process.env.FIXTURE_LOG, data));
      process.stdout.write("\\x1b[2J\\x1b[H");
      setTimeout(() => process.stdout.write("No box here."), 500);`;
    const server = await launched(launch(context, { agent: [process.execPath, "-e", code], stdin: "first" }));
    await eventually(async () => (await server.received()).includes("\x1b[200~first\x1b[201~"));
    expect((await server.client.status()).status).toBe("running");
  });

  it("without a box gets stuck on a user message; only events keep coming", async (context) => {
    const { expect } = context;
    const { client, received } = await start(context, { env: { FIXTURE_BOX: "0" } });
    const stuck = client.sendMessage({ type: "user", content: "lost" }, { timeoutMs: 3_000 });
    await Promise.all([
      expect(stuck).rejects.toMatchObject({ kind: "timeout" }),
      expect(sleep(500).then(() => client.status({ timeoutMs: 2_000 }))).rejects.toMatchObject({
        kind: "timeout",
      }),
      sleep(500).then(() => until(client, () => true, { timeoutMs: 2_000 })),
    ]);
    expect(await received()).not.toContain("lost");
  });
});

/** Ends the server with the test, and only then forgets it. */
async function disposed(context: TestContext, starting: Promise<Server>): Promise<Server> {
  const server = await starting;
  context.onTestFinished(server.dispose);
  return server;
}

/** Waits for the first answer of a server that was just spawned. */
async function launched(spawning: Promise<Server>): Promise<Server> {
  const server = await spawning;
  await firstAnswer(server.client, { timeoutMs: 8_000 });
  return server;
}

function textOf(event: AgentApiEvent): string {
  return event.event === "message_update" ? event.data.message : "";
}

async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 8_000; !(await condition()); await sleep(25)) {
    if (Date.now() > end) throw new Error(`still not so after 8 s: ${condition}`);
  }
}
