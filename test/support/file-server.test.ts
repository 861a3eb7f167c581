import { afterEach, expect, test } from "vitest";
import { type FileServer, startFileServer } from "./file-server.ts";

const servers: FileServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(...args: Parameters<typeof startFileServer>): Promise<FileServer> {
  const server = await startFileServer(...args);
  servers.push(server);
  return server;
}

const body = "0123456789".repeat(100);
const get = (url: string, timeoutMs = 2000) => fetch(url, { signal: AbortSignal.timeout(timeoutMs) });

test("serves content and counts requests, unknown paths included", async () => {
  const server = await serve({ "/a": body });
  expect(await (await get(`${server.url}/a?x=1`)).text()).toBe(body);
  expect((await get(`${server.url}/b`)).status).toBe(404);
  expect(server.count("/a")).toBe(1);
  expect(server.count()).toBe(2);
  expect(server.requests()).toEqual(["/a?x=1", "/b"]);
});

test("a status fault is used up request by request, and Retry-After is as given", async () => {
  const server = await serve({
    "/a": { content: body, faults: [{ status: 429, retryAfter: 1 }, { status: 503 }] },
  });
  const first = await get(`${server.url}/a`);
  expect([first.status, first.headers.get("retry-after")]).toEqual([429, "1"]);
  expect((await get(`${server.url}/a`)).status).toBe(503);
  expect(await (await get(`${server.url}/a`)).text()).toBe(body);
});

test.each([
  ["cut short", { cutAt: 10 }],
  ["reset", { reset: true }],
] as const)("an answer that is %s is an error for the client", async (_name, fault) => {
  const server = await serve({ "/a": { content: body, fault } });
  await expect(get(`${server.url}/a`).then((answer) => answer.text())).rejects.toThrow(
    /fetch failed|terminated/,
  );
});

test("a never-ending answer starts and does not end", async () => {
  const server = await serve({ "/a": { content: body, fault: { neverEnds: true } } });
  const answer = await get(`${server.url}/a`, 400);
  expect(answer.status).toBe(200);
  await expect(answer.text()).rejects.toThrow(/timeout|aborted/i);
});

test("a trickle is slow and whole", async () => {
  const server = await serve({ "/a": { content: body, fault: { trickle: { bytes: 250, everyMs: 60 } } } });
  const start = performance.now();
  expect(await (await get(`${server.url}/a`)).text()).toBe(body);
  expect(performance.now() - start).toBeGreaterThan(180);
});

test("redirects", async () => {
  const server = await serve({ "/a": body });
  server.set("/latest", { redirectTo: `${server.url}/a` });
  expect(await (await get(`${server.url}/latest`)).text()).toBe(body);
});
