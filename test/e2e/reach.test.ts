import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

let at: Workspace;
beforeAll(async () => {
  at = await createWorkspace({
    variables: { agentapi_allowed_hosts: ["chat.example.org"] },
    env: {
      VSCODE_PROXY_URI: "https://{{port}}--main--dev--alice.apps.example.com",
      CODER_AGENT_URL: "https://coder.example.com/",
    },
  });
  const result = await at.start();
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
}, 120_000);
afterAll(() => at?.dispose());

/** Asks AgentAPI under another name than that of its address, as a browser does through a proxy, or led by a rebound name. */
function ask(
  path: string,
  { host, origin, body }: { host: string; origin?: string; body?: string },
): Promise<{ status: number; allows: string | undefined }> {
  return new Promise((resolve, reject) => {
    const headers = {
      host,
      "content-type": "application/json",
      ...(origin === undefined ? {} : { origin }),
    };
    const options = { port: at.port, host: "127.0.0.1", path, headers, method: body ? "POST" : "GET" };
    const asking = request(options, (response) => {
      response.resume();
      const allows = response.headers["access-control-allow-origin"];
      response.once("end", () => resolve({ status: response.statusCode ?? 0, allows }));
    });
    asking.once("error", reject);
    asking.end(body);
  });
}

test.each([
  "localhost",
  "127.0.0.1:3284",
  "[::1]:3284",
  "amp--dev--alice.apps.example.com",
  "amp--main--dev--alice.apps.example.com",
  "AMP--dev--alice.apps.example.com:443",
  "coder.example.com",
  "main.dev.alice.coder",
  "chat.example.org",
])("the chat answers under %s", async (host) => {
  expect((await ask("/status", { host })).status).toBe(200);
});

test("and under the port's name", async () => {
  const host = `${at.port}--main--dev--alice.apps.example.com`;
  expect((await ask("/messages", { host })).status).toBe(200);
});

test.each([
  "rebound.example.net",
  "amp--dev--mallory.apps.example.com",
  "apps.example.com",
  "10.0.0.1",
])("nobody reads the chat or types to the agent under %s", async (host) => {
  const before = await at.prompts();
  const message = JSON.stringify({ type: "raw", content: "typed by a page\r" });
  expect((await ask("/messages", { host })).status).toBe(400);
  expect((await ask("/status", { host })).status).toBe(400);
  expect((await ask("/message", { host, body: message })).status).toBe(400);
  expect(await at.prompts()).toEqual(before);
});

test("no other origin may read the answers, the dashboard's included", async () => {
  const host = "localhost";
  for (const origin of [
    "https://rebound.example.net",
    "https://coder.example.com",
    "http://localhost:3000",
  ]) {
    expect((await ask("/messages", { host, origin })).allows, origin).toBeUndefined();
  }
  const own = "https://amp--dev--alice.apps.example.com";
  expect((await ask("/messages", { host, origin: own })).allows).toBe(own);
});
