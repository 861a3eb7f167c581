import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import { AgentApiError } from "../../src/agentapi/errors.ts";
import type { AgentApiEvent } from "../../src/agentapi/events.ts";
import { until } from "../../src/agentapi/wait.ts";
import { defaultVersion } from "../support/default-release.ts";
import { eventually, implementations, launched, serversOf } from "./contract.ts";
import { isAlive, stable, userMessage } from "./server.ts";

describe.concurrent.each(implementations)("AgentAPI contract, life of the server: $name", {
  timeout: 30_000,
}, ({ binary }) => {
  const { start, launch } = serversOf(binary);

  it("names its version and refuses unknown flags, agent types and commands", ({ expect }) => {
    const run = (...args: string[]) =>
      spawnSync(binary, args, { encoding: "utf8", input: "", timeout: 10_000 });
    expect(run("--version").stdout).toBe(`agentapi version ${defaultVersion}\n`);
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
    const event = await until(client, isFault, { timeoutMs: 30_000 });
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
});
