import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { AmpConversation, openConversation } from "../../src/amp/conversation.ts";
import type { AmpEvent } from "../../src/amp/events.ts";
import type { ExecuteOptions } from "../../src/amp/options.ts";
import { isGroupAlive, scripted, scriptedProbe, texts } from "./scripted.ts";

/** A conversation, and what each of its turns said. */
function talk(conversation: AmpConversation) {
  return async (message: string, { signal = new AbortController().signal, timeoutMs = 0 } = {}) => {
    const events: AmpEvent[] = [];
    await conversation.turn(message, { signal, timeoutMs, onEvent: (event) => void events.push(event) });
    return texts(events);
  };
}

function open(
  options: ExecuteOptions & Required<Pick<ExecuteOptions, "amp">>,
  idle: AmpEvent[] = [],
): AmpConversation {
  const conversation = new AmpConversation(options, (event) => void idle.push(event));
  onTestFinished(() => conversation.close());
  return conversation;
}

const INIT = '{"type":"system","subtype":"init","session_id":"T-1"}';
const event = (type: string, text: string, more = "") =>
  `{"type":"${type}","session_id":"T-1","message":{"content":[{"type":"text","text":"${text}"}]${more}}}`;
const END = ',"stop_reason":"end_turn"';
const RESULT = '{"type":"result","subtype":"success","session_id":"T-1","result":"x"}';

/** An Amp that is a shell script. */
async function written(body: string, flags?: string[]) {
  const { home, options } = await scripted("none");
  const path = join(home, "amp");
  writeFileSync(path, `#!/bin/sh\necho started >>"$HOME/starts"\n${body}\n`);
  chmodSync(path, 0o755);
  const probe = await scriptedProbe();
  const amp = { ...probe, path, ...(flags && { flags }) };
  const starts = () => readFileSync(join(home, "starts"), "utf8").trim().split("\n").length;
  return { options: { ...options, amp }, starts };
}
const say = (...lines: string[]) => lines.map((line) => `echo '${line}'`).join("\n");

test("one process takes message after message, and ends when its input does", async () => {
  const at = await scripted("echo");
  const conversation = open(at.options);
  const says = talk(conversation);
  for (const message of ["one", "two", "three"])
    expect(await says(message)).toEqual([`You said: ${message}`]);
  expect(at.calls()).toHaveLength(1);
  expect(conversation.isOpen).toBe(true);
  await conversation.close();
  expect(conversation.isOpen).toBe(false);
  expect(isGroupAlive(at.pid())).toBe(false);
});

test("asked, it answers with the text and the thread; a failure that Amp reports is thrown", async () => {
  const at = await scripted("echo");
  const conversation = await openConversation(at.options);
  onTestFinished(() => conversation.close());
  const seen: string[] = [];
  const answer = await conversation.ask("one", { onEvent: ({ type }) => void seen.push(type) });
  expect(answer).toEqual({ text: "You said: one", threadId: expect.stringMatching(/^T-/) });
  expect(seen).toContain("assistant");
  const second = conversation.ask("pieces: two|three");
  await expect(conversation.ask("at once")).rejects.toThrow("a turn of this conversation is running");
  expect((await second).text).toBe("three");
  expect((await second).threadId).toBe(answer.threadId);
  await conversation.close();
  await expect(conversation.ask("late")).rejects.toThrow("this conversation is over");

  const { options } = await written(
    `read -r a\n${say(INIT, '{"type":"result","subtype":"error_during_execution","is_error":true,"error":"Out of Credits","session_id":"T-1"}')}`,
  );
  const failing = await openConversation(options);
  onTestFinished(() => failing.close());
  await expect(failing.ask("x")).rejects.toMatchObject({ kind: "out_of_credits" });
});

test("silence ends a turn after its own limit, and the pause between two is none", {
  timeout: 60_000,
}, async () => {
  const at = await scripted("echo");
  const conversation = await openConversation({ ...at.options, idleTimeoutMs: 2_000 });
  onTestFinished(() => conversation.close());
  // A turn of its own may be without the limit.
  await conversation.ask("one", { idleTimeoutMs: 0 });
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect((await conversation.ask("two", { idleTimeoutMs: 0 })).text).toBe("You said: two");
  await expect(conversation.ask("wait: x")).rejects.toMatchObject({
    kind: "timeout",
    message: expect.stringMatching(/^Amp was silent for 2 s/),
  });
  expect(conversation.isOpen).toBe(false);
  expect(isGroupAlive(at.pid())).toBe(false);
});

test("the conversation's own signal ends it", async () => {
  const at = await scripted("echo");
  const stop = new AbortController();
  const conversation = await openConversation({ ...at.options, signal: stop.signal });
  await conversation.ask("one");
  const turn = conversation.ask("wait: x", { onEvent: () => stop.abort() });
  await expect(turn).rejects.toMatchObject({ kind: "aborted" });
  expect(isGroupAlive(at.pid())).toBe(false);
});

test("what ends a turn early ends Amp, and says why", async () => {
  const late = await scripted("echo");
  await expect(talk(open(late.options))("wait: x", { timeoutMs: 4_000 })).rejects.toMatchObject({
    kind: "timeout",
  });
  expect(isGroupAlive(late.pid())).toBe(false);

  const aborted = await scripted("echo");
  const signal = AbortSignal.timeout(4_000);
  await expect(talk(open(aborted.options))("wait: x", { signal })).rejects.toMatchObject({ kind: "aborted" });
  expect(isGroupAlive(aborted.pid())).toBe(false);

  const crashed = await scripted("echo");
  const conversation = open(crashed.options);
  await talk(conversation)("one");
  await expect(talk(conversation)("crash: x")).rejects.toMatchObject({
    kind: "execution",
    message: /SIGKILL/,
  });
  expect(conversation.isOpen).toBe(false);
});

test("an Amp that dies between two turns is known to be gone", async () => {
  const at = await scripted("echo");
  const conversation = open(at.options);
  await talk(conversation)("one");
  process.kill(at.pid(), "SIGKILL");
  await conversation.ended;
  expect(conversation.isOpen).toBe(false);
});

test("what is said in the thread elsewhere ends no turn of ours", async () => {
  const { options } = await written(
    `read -r a\n${say(INIT, event("user", "a"), event("assistant", "one", END))}
     ${say(event("user", "elsewhere"), event("assistant", "theirs", END))}
     read -r b\n${say(event("assistant", "still theirs", END), event("user", "b"), event("assistant", "two", END))}
     read -r c\n${say(RESULT)}`,
  );
  const idle: AmpEvent[] = [];
  const says = talk(open(options, idle));
  expect(await says("a")).toEqual(["one"]);
  await expect.poll(() => texts(idle)).toContain("theirs");
  expect((await says("b")).at(-1)).toBe("two");
});

test("a message that is cut short ends its turn by the end of Amp's input", { timeout: 30_000 }, async () => {
  const { options } = await written(
    `read -r a\n${say(INIT, event("assistant", "half"))}\nread -r b\n${say(RESULT)}`,
  );
  const conversation = open(options);
  expect(await talk(conversation)("a")).toEqual(["half"]);
  expect(conversation.isOpen).toBe(false);
});

test("without --stream-json-input there is one message for each process", async () => {
  const { options, starts } = await written(
    `read -r a\n${say(INIT, event("assistant", "whole", END))}\nsleep 0.3\n${say(event("assistant", "of it", END), RESULT)}`,
    ["--execute", "--stream-json"],
  );
  const conversation = open(options);
  expect(await talk(conversation)("a")).toEqual(["whole", "of it"]);
  expect(conversation.isOpen).toBe(false);
  expect(await talk(open(options))("b")).toEqual(["whole", "of it"]);
  expect(starts()).toBe(2);
});
