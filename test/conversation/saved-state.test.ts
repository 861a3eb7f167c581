import { spawn } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Log } from "../../src/base/log.ts";
import { checkSavedState } from "../../src/conversation/saved-state.ts";
import { findAgentApi } from "../support/agentapi.ts";
import { freePort } from "../support/free-port.ts";

const message = { id: 0, message: 'say "hi" {[ \\', role: "user", time: "2026-09-23T10:00:00Z" };
const state = {
  version: 1,
  messages: [message, { ...message, id: 1, role: "agent" }],
  initial_prompt: 'a "prompt"',
  initial_prompt_sent: true,
};
const usual = `${JSON.stringify(state)}\n`;
const { messages, ...rest } = state;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "amp-module-state-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function check(text: string | undefined): { hasChat: boolean; warned: string[]; names: string[] } {
  const path = join(folder(), "agentapi-state.json");
  if (text !== undefined) writeFileSync(path, text);
  const warned: string[] = [];
  const log = { warn: (line: string) => void warned.push(line) } as Log;
  const hasChat = checkSavedState(path, new Date("2026-09-23T10:00:00Z"), log);
  if (hasChat) expect(readFileSync(path, "utf8")).toBe(text);
  return { hasChat, warned, names: readdirSync(join(path, "..")) };
}

const loadable: [string, string][] = [
  ["as AgentAPI 0.12 writes it", usual],
  ["without the line end", usual.trim()],
  ["with another order of keys", JSON.stringify({ messages, ...rest })],
  ["with a further key", `${JSON.stringify({ ...state, screen: { width: 80 } })}\n`],
  ["with white space", `\n  ${JSON.stringify(state, null, 2)}\n\n`],
  ["with something behind it", `${usual}{"half": `],
];

test.each([
  ...loadable,
  ["of another version", `${JSON.stringify({ ...state, version: 2 })}\n`],
])("a file %s is a conversation, and stays as it is", (_, text) => {
  expect(check(text)).toEqual({ hasChat: true, warned: [], names: ["agentapi-state.json"] });
});

const damaged: [string, string][] = [
  ["that is empty", ""],
  ["that is cut short", usual.slice(0, -20)],
  ["that is cut short behind a message", usual.slice(0, usual.indexOf("}") + 1)],
  ["of zeros", "\0".repeat(usual.length)],
  ["that is no object", "[1, 2]"],
  ["without a version", JSON.stringify({ messages })],
  [
    "with a hole in it, in another order",
    JSON.stringify({ messages, ...rest }).replace('"role":', "\0\0\0\0"),
  ],
];

test.each(damaged)("a file %s is kept aside, with a warning", (_, text) => {
  const aside = "agentapi-state.json.unreadable-2026-09-23T10-00-00-000Z";
  const { hasChat, warned, names } = check(text);
  expect({ hasChat, names }).toEqual({ hasChat: false, names: [aside] });
  expect(warned).toEqual([expect.stringContaining(aside)]);
});

test("no file is no conversation and no damage", () => {
  expect(check(undefined)).toEqual({ hasChat: false, warned: [], names: [] });
});

const tail = ',"initial_prompt":"","initial_prompt_sent":true}\n';

test.each([
  ["the usual one", '{"version":1,"messages":[', tail, true],
  ["another one", '{ "messages": [', ' ], "version": 2 }', true],
  ["the usual one, cut short", '{"version":1,"messages":[', ',{"id":7,"message":"half', false],
])("the cost does not grow with the conversation: %s of 3 GB", (_, first, last, wanted) => {
  const path = join(folder(), "agentapi-state.json");
  // Sparse: it takes no room, and nobody can read it into one string.
  const size = 3 * 1024 ** 3;
  const file = openSync(path, "w");
  writeSync(file, first, 0);
  writeSync(file, last, size - last.length);
  closeSync(file);
  const log = { warn: () => {} } as unknown as Log;
  expect(checkSavedState(path, new Date(), log)).toBe(wanted);
});

const agentapi = await findAgentApi();

const BOX = "printf 'hello\\n╭─────────╮\\n│         │\\n╰─────────╯\\n'; exec sleep 60";

/** What the real AgentAPI logs about a state file. It reads it as soon as it finds Amp's input box. */
async function load(text: string): Promise<string> {
  const home = folder();
  const file = join(home, "state.json");
  writeFileSync(file, text);
  const port = String(await freePort());
  const args = ["server", "--type", "amp", "--port", port, "--state-file", file, "--", "sh", "-c", BOX];
  const child = spawn(agentapi.path, args, {
    cwd: home,
    env: { ...process.env, TMPDIR: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += String(chunk);
    });
  }
  const isKnown = () => /Successfully loaded state|Failed to load state/.test(output);
  for (let tries = 0; tries < 400 && !isKnown(); tries++) await sleep(50);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  return output;
}

test.skipIf(!agentapi.real)("the real AgentAPI agrees about each of these files", async () => {
  const outputs = await Promise.all([...loadable, ...damaged].map(([, text]) => load(text)));
  for (const [index, [name]] of loadable.entries())
    expect(outputs[index], name).toMatch(/Successfully loaded state.*messages=2/);
  for (const [index, [name]] of damaged.entries())
    expect(outputs[loadable.length + index], name).toMatch(/Failed to load state/);
});
