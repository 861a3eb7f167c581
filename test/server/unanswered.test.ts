import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { createAgentApiClient } from "../../src/agentapi/client.ts";
import { letUnansweredContinue } from "../../src/server/unanswered.ts";
import { makeFolder } from "../base/folder.ts";
import { findAgentApi } from "../support/agentapi.ts";
import { freePort } from "../support/free-port.ts";

const time = "2026-11-22T01:02:03.000000004Z";
const welcome = { id: 0, message: "Welcome to Amp", role: "agent", time };
const asked = { id: 1, message: "Fix <it>", role: "user", time };
const answered = { id: 2, message: "Done.", role: "agent", time };

/** A state file as AgentAPI 0.12.1 writes it. */
function saved(messages: readonly object[]): string {
  const path = join(makeFolder(), "agentapi-state.json");
  writeFileSync(
    path,
    `${JSON.stringify({ version: 1, messages, initial_prompt: "", initial_prompt_sent: true })}\n`,
  );
  return path;
}

test("of a chat without its first answer the empty screen before is told apart; nothing else changes", () => {
  const path = saved([welcome, asked]);
  const before = readFileSync(path, "utf8");
  letUnansweredContinue(path);
  expect(readFileSync(path, "utf8")).toBe(before.replace("Welcome to Amp", "Welcome to Amp."));
  letUnansweredContinue(path);
  expect(readFileSync(path, "utf8")).toBe(before.replace("Welcome to Amp", "Welcome to Amp."));
});

test.each([
  ["that rests", [welcome, asked, answered]],
  ["whose screen was not empty", [{ ...welcome, message: "Hello" }, asked]],
  ["of nothing but a message", [asked]],
  ["of nothing", []],
])("a chat %s stays as it is", (_, messages) => {
  const path = saved(messages);
  const before = readFileSync(path, "utf8");
  letUnansweredContinue(path);
  expect(readFileSync(path, "utf8")).toBe(before);
});

test("no file and a damaged one are none of its business", () => {
  const path = join(makeFolder(), "agentapi-state.json");
  letUnansweredContinue(path);
  expect(existsSync(path)).toBe(false);
  writeFileSync(path, '{"messages":[');
  letUnansweredContinue(path);
  expect(readFileSync(path, "utf8")).toBe('{"messages":[');
});

const agentapi = await findAgentApi();
// After the terminal's own first line, as Amp clears the screen: what is left without the box is nothing.
const BOX = "sleep 0.3; printf '\\033[2J\\033[H\\n╭─────────╮\\n│         │\\n╰─────────╯\\n'; exec sleep 60";

test.skipIf(!agentapi.real)("the real AgentAPI rests then, and takes messages", async () => {
  const path = saved([welcome, asked]);
  letUnansweredContinue(path);
  const port = await freePort();
  const args = [
    "server",
    "--type",
    "amp",
    "--port",
    String(port),
    "--state-file",
    path,
    "--",
    "sh",
    "-c",
    BOX,
  ];
  const server = execa(agentapi.path, args, { reject: false, stdin: "ignore" });
  onTestFinished(async () => {
    server.kill("SIGKILL");
    await server;
  });
  const client = createAgentApiClient({ baseUrl: `http://127.0.0.1:${port}` });
  const said = async () => (await client.messages().catch(() => [])).map(({ content }) => content);
  await expect.poll(said).toContain("Fix <it>");
  await expect.poll(async () => (await client.status()).status).toBe("stable");
});
