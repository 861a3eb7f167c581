import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import type { AgentApiEvent } from "../../src/agentapi/events.ts";
import { until } from "../../src/agentapi/wait.ts";
import { eventually, implementations, launched, serversOf, tellWhatIsLeftOut, textOf } from "./contract.ts";
import { stable, userMessage } from "./server.ts";

const trickyPrompt =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell would expand it, and none may
  'Fix `id` $(touch pwned) "double" \'single\' ${HOME} %s \\ ! 日本語\nand a second line; rm -rf "$PWD"/*';

tellWhatIsLeftOut();

describe.concurrent.each(implementations)("AgentAPI contract, conversation: $name", { timeout: 30_000 }, ({
  binary,
}) => {
  const { start, launch } = serversOf(binary);

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
    await until(client, (event) => /You sent 11 bytes/.test(textOf(event)), { timeoutMs: 30_000 });
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
    const allowedFor = async (origin: string) =>
      (await fetch(`http://127.0.0.1:${port}/status`, { headers: { origin } })).headers.get(
        "access-control-allow-origin",
      );
    expect(await allowedFor("http://localhost:3284")).toBe("http://localhost:3284");
    expect(await allowedFor("https://elsewhere.example.net")).toBeNull();
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
    expect(events).toContainEqual({
      event: "status_change",
      data: { status: "running", agent_type: "amp" },
    });
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

  it("without a box becomes stable, never sends its first prompt, and still takes raw keys", async (context) => {
    const { expect } = context;
    const server = await launched(launch(context, { env: { FIXTURE_BOX: "0" }, stdin: "never sent" }));
    await stable(server.client);
    await sleep(1_000);
    expect(await server.received()).not.toContain("never sent");
    expect((await server.client.messages()).map(({ role }) => role)).toEqual(["agent"]);
    await server.client.sendMessage({ type: "raw", content: "keys\r" });
    await until(server.client, (event) => /You sent 4 bytes/.test(textOf(event)), { timeoutMs: 30_000 });
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
