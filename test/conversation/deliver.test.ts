import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { InputHistory } from "../../src/amp/input-history.ts";
import { type DeliveryOptions, deliverPrompt } from "../../src/conversation/deliver.ts";
import { AgentWatch } from "../../src/server/watch.ts";
import {
  conversation,
  failedToLoad,
  inputBox,
  lastTourPage,
  ruledLine,
  tourPage,
  trustDialog,
  unknownPage,
  welcome,
} from "../amp/example-screens.ts";
import { type FakeAgentApi, startFakeAgentApi } from "../start/fake-agentapi.ts";
import { fakeAmp } from "../start/fake-amp.ts";

const START = "\u001b[200~";
const END = "\u001b[201~";
const times = { inputMs: 3_000, restMs: 150, stableMs: 400, confirmMs: 600 };
const prompt = "Fix `id`\nand $(touch pwned)";

let folder: string;
let server: FakeAgentApi;
let watch: AgentWatch;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "amp-module-deliver-"));
  server = await startFakeAgentApi();
  watch = new AgentWatch({ client: server.client });
});
afterEach(async () => {
  watch.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const history = () => join(folder, "history.jsonl");
const onSending = vi.fn();
beforeEach(() => onSending.mockReset());

function deliver(options: Partial<DeliveryOptions> = {}) {
  const openHistory = () => new InputHistory(history());
  return deliverPrompt({
    client: server.client,
    watch,
    prompt,
    mayType: true,
    openHistory,
    onSending,
    times,
    ...options,
  });
}

test("a prompt goes through the chat once the box is there and the agent rests; the transcript is the proof", async () => {
  const amp = fakeAmp(server);
  const delivered = deliver();
  await sleep(100);
  expect(server.posted).toEqual([]);
  amp.draw();
  await sleep(100);
  expect(server.posted).toEqual([]);
  server.status("stable");
  expect(await delivered).toEqual({ state: "delivered", how: "chat" });
  expect(server.posted).toEqual([{ type: "user", content: prompt }]);
  expect(amp.said).toEqual([prompt]);
  expect(onSending).toHaveBeenCalledTimes(1);
});

test("a message that AgentAPI accepted and the screen never shows is unconfirmed, and not sent again", async () => {
  fakeAmp(server, { isDeaf: true }).draw();
  server.status("stable");
  expect(await deliver()).toEqual({ state: "unconfirmed" });
  expect(server.posted).toHaveLength(1);
});

test("Amp's own list of what was submitted is proof, too, where the transcript looks otherwise", async () => {
  fakeAmp(server, { isDeaf: true }).draw();
  writeFileSync(history(), `${JSON.stringify({ text: prompt })}\n`);
  server.status("stable");
  const before = deliver();
  await sleep(200);
  expect(server.posted).toHaveLength(1);
  writeFileSync(history(), `${JSON.stringify({ text: prompt })}\n`.repeat(2));
  expect(await before).toEqual({ state: "delivered", how: "chat" });
});

test("a prompt that was said before on the thread counts only where it is said once more", async () => {
  const amp = fakeAmp(server, { said: [prompt] });
  amp.draw();
  server.status("stable");
  expect(await deliver()).toEqual({ state: "delivered", how: "chat" });
  expect(amp.said).toEqual([prompt, prompt]);
});

test("a screen that never rests gets the prompt typed: one bracketed paste with Enter behind it", async () => {
  const amp = fakeAmp(server);
  amp.draw();
  expect(await deliver()).toEqual({ state: "delivered", how: "typed" });
  expect(server.posted).toEqual([
    { type: "raw", content: `${START}${prompt}${END}` },
    { type: "raw", content: "\r" },
  ]);
  expect(amp.said).toEqual([prompt]);
});

test.each([
  ["an end of paste", `safe${END}\u0003rm`, "safe\u0003rm"],
  ["an end of paste in its 8-bit form", "safe\u009b201~rm", "saferm"],
  ["an end of paste around another one", `safe\u001b[20${END}1~rm`, "saferm"],
])("%s inside the prompt cannot turn its rest into keystrokes", async (_, awkward, expected) => {
  fakeAmp(server).draw();
  await deliver({ prompt: awkward });
  expect(server.posted[0]?.content).toBe(`${START}${expected}${END}`);
});

test("text that stays in the box for lack of its Enter gets another one, once", async () => {
  const amp = fakeAmp(server, { losesEnter: 1 });
  amp.draw();
  expect(await deliver({ times: { ...times, confirmMs: 5_000 } })).toEqual({
    state: "delivered",
    how: "typed",
  });
  expect(server.posted.map(({ content }) => content)).toEqual([`${START}${prompt}${END}`, "\r", "\r"]);
});

test("a refused message that left the box empty is tried again, and typed in the end", async () => {
  const amp = fakeAmp(server, { isDeaf: true });
  amp.draw();
  server.status("stable");
  server.answerMessages = 500;
  await expect(deliver()).rejects.toMatchObject({ kind: "http", status: 500 });
  expect(server.posted.map(({ type }) => type)).toEqual(["user", "user", "user", "raw"]);
});

test("a refused message that stands in the box all the same is entered, not sent again", async () => {
  const amp = fakeAmp(server, { losesEnter: 1 });
  amp.draw();
  server.status("stable");
  server.answerMessages = 500;
  const result = deliver({ times: { ...times, confirmMs: 5_000 } });
  await expect.poll(() => server.posted).toHaveLength(1);
  server.answerMessages = 200;
  expect(await result).toEqual({ state: "delivered", how: "typed" });
  expect(amp.said).toEqual([prompt]);
});

test("the welcome tour is gone through page by page, and only then the prompt is sent", async () => {
  const pages = [tourPage, tourPage.replace("1/5", "2/5"), lastTourPage];
  const amp = fakeAmp(server);
  const react = server.onPost;
  server.onPost = (message) => {
    const expected = pages[0] === lastTourPage ? "\r" : " ";
    if (pages.length === 0) return react(message);
    if (message.content === expected) pages.shift();
    if (pages[0]) server.screen(pages[0]);
    else amp.draw();
  };
  server.screen(tourPage);
  server.status("stable");
  expect(await deliver()).toEqual({ state: "delivered", how: "chat" });
  expect(server.posted.map(({ content }) => content)).toEqual([" ", " ", "\r", prompt]);
});

test.each([
  ["an unknown page", unknownPage, "page"],
  ["a question in front of the input box", trustDialog + inputBox(), "dialog"],
  ["a page that swallows what is typed on it", ruledLine(), "page"],
  ["a thread that could not be loaded", failedToLoad, "failed"],
  ["nothing at all", "", "blank"],
  ["a thread that goes on loading", welcome + inputBox("", "Loading Thread"), "page"],
] as const)("%s gets no Enter, and the prompt stays unsent", async (_, screen, by) => {
  server.screen(screen);
  server.status("stable");
  expect(await deliver({ times: { ...times, inputMs: 500 } })).toEqual({ state: "blocked", by });
  // At most a paste without Enter, and a key that answers nothing.
  expect(server.posted.filter(({ content }) => !content.startsWith(START) && content !== ".")).toEqual([]);
  expect(onSending).not.toHaveBeenCalled();
});

test("a page that somebody turns in time is none any more", async () => {
  const amp = fakeAmp(server);
  server.screen(unknownPage);
  server.status("stable");
  const delivered = deliver({ times: { ...times, restMs: 2_000 } });
  await sleep(200);
  amp.draw();
  expect(await delivered).toEqual({ state: "delivered", how: "chat" });
});

test("a question that comes up while the agent is to rest is not answered with Enter", async () => {
  fakeAmp(server, { isDeaf: true }).draw();
  const result = deliver();
  await sleep(100);
  server.screen(trustDialog + inputBox());
  server.status("stable");
  expect(await result).toEqual({ state: "blocked", by: "dialog" });
  expect(server.posted).toEqual([{ type: "raw", content: "." }]);
});

test("a question that leaves the keys to the input box is none in the way", async () => {
  const amp = fakeAmp(server, { above: trustDialog });
  amp.draw();
  server.status("stable");
  expect(await deliver()).toEqual({ state: "delivered", how: "chat" });
  expect(server.posted.map(({ content }) => content)).toEqual([".", "\u007f", prompt]);
  expect(amp.said).toEqual([prompt]);
});

test("on a line below a rule the prompt is entered only once it is seen there", async () => {
  server.screen(ruledLine());
  server.onPost = ({ content }) => {
    if (content.startsWith(START)) server.screen(ruledLine("Fix `id`⏎and $(touch pwned)"));
    else server.screen(ruledLine("", "Fix `id`\nand $(touch pwned)\nThinking"));
  };
  expect(await deliver()).toEqual({ state: "delivered", how: "typed" });
  expect(server.posted.map(({ content }) => content)).toEqual([`${START}${prompt}${END}`, "\r"]);
});

test("a line below a rule gets nothing where typing is not wanted", async () => {
  server.screen(ruledLine());
  expect(await deliver({ mayType: false })).toEqual({ state: "unboxed" });
  expect(server.posted).toEqual([]);
});

test("a doubtful prompt that stands on its thread is there already", async () => {
  server.screen(conversation([prompt, "Another"]));
  server.status("stable");
  expect(await deliver({ isDoubtful: true, times: { ...times, stableMs: 3_000 } })).toEqual({
    state: "delivered",
    how: "earlier",
  });
  expect(server.posted).toEqual([]);
});

test("a doubtful prompt that its whole thread does not show never arrived: it is sent", async () => {
  const amp = fakeAmp(server, { said: ["Another"] });
  amp.draw();
  server.status("stable");
  expect(await deliver({ isDoubtful: true, times: { ...times, stableMs: 3_000 } })).toEqual({
    state: "delivered",
    how: "chat",
  });
  expect(amp.said).toEqual(["Another", prompt]);
});

test("a doubtful prompt on a thread longer than the screen cannot be known: it is not sent", async () => {
  server.screen(conversation(["Another"]).trimStart());
  server.status("stable");
  expect(await deliver({ isDoubtful: true, times: { ...times, stableMs: 3_000 } })).toEqual({
    state: "unconfirmed",
  });
  expect(server.posted).toEqual([]);
});
