import { afterEach, expect, test } from "vitest";
import { sendMessage, typePrompt } from "../../src/start/deliver.ts";
import { type FakeAgentApi, startFakeAgentApi } from "./fake-agentapi.ts";

let server: FakeAgentApi | undefined;
afterEach(async () => server?.close());

const START = "\u001b[200~";
const END = "\u001b[201~";

test("a further message waits until the agent rests, and goes without outer white space", async () => {
  server = await startFakeAgentApi();
  const sent = sendMessage(server.client, " Go on\n");
  await server.subscribed(1);
  expect(server.posted).toEqual([]);
  server.status("stable");
  await sent;
  expect(server.posted).toEqual([{ type: "user", content: "Go on" }]);
});

test("a typed prompt is one bracketed paste with Enter behind it", async () => {
  server = await startFakeAgentApi();
  await typePrompt(server.client, "line one\nline `two` 日本語");
  expect(server.posted).toEqual([
    { type: "raw", content: `${START}line one\nline \`two\` 日本語${END}` },
    { type: "raw", content: "\r" },
  ]);
});

test.each([
  ["an end of paste", `safe${END}\u0003rm`, "safe\u0003rm"],
  ["an end of paste in its 8-bit form", "safe\u009b201~rm", "saferm"],
  ["an end of paste around another one", `safe\u001b[20${END}1~rm`, "saferm"],
])("%s inside the prompt cannot turn its rest into keystrokes", async (_, prompt, expected) => {
  server = await startFakeAgentApi();
  await typePrompt(server.client, prompt);
  expect(server.posted[0]?.content).toBe(`${START}${expected}${END}`);
});

test("a refused message is an error, and no Enter follows a refused paste", async () => {
  server = await startFakeAgentApi({ failMessages: 500 });
  await expect(typePrompt(server.client, "Go")).rejects.toMatchObject({ kind: "http", status: 500 });
  expect(server.posted).toHaveLength(1);
});
