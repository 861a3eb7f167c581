import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DownloadError, type DownloadOptions, download } from "../../src/base/download.ts";
import { type Fault, type Route, startFileServer } from "../support/file-server.ts";

const content = Buffer.alloc(64 * 1024, "new bytes ");
/** The usual limits, shorter: the same code, the same counts. A loaded machine still answers within them. */
const limits = { connectMs: 1500, idleMs: 1500, totalMs: 600_000 };

async function attempt(route: Route, options: Partial<DownloadOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "amp-module-it's höme-"));
  const server = await startFileServer({ "/file": { content, ...route } });
  onTestFinished(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });
  const target = join(folder, "agentapi");
  await writeFile(target, "old bytes", { mode: 0o755 });
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  const all = { env: {}, mode: 0o755, limits, pause, ...options };
  const error = await download(`${server.url}/file`, target, all).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(await readdir(folder)).toEqual(["agentapi"]);
  return { error, requests: server.count(), pauses, bytes: await readFile(target), url: server.url };
}

/** Requests in all, and what the error says. */
const always: [name: string, fault: Fault, requests: number, message: RegExp][] = [
  ["404", { status: 404 }, 1, /HTTP 404: fault 404$/],
  ["403", { status: 403 }, 1, /HTTP 403/],
  ["429 with Retry-After", { status: 429, retryAfter: 7 }, 8, /HTTP 429.*\(tried 8 times\)/],
  ["500", { status: 500 }, 5, /HTTP 500.*\(tried 5 times\)/],
  ["503", { status: 503 }, 5, /HTTP 503.*\(tried 5 times\)/],
  ["reset", { reset: true }, 5, /(ECONNRESET|hang up).*\(tried 5 times\)/],
  ["truncation", { cutAt: content.length / 2 }, 5, /\(tried 5 times\)/],
  ["no answer", { delayMs: 8000 }, 5, /no answer in time \(tried 5 times\)/],
  ["endless body", { neverEnds: true }, 5, /the connection stalled \(tried 5 times\)/],
];

test.concurrent.each(always)("%s, always", async (_, fault, requests, message) => {
  const result = await attempt({ fault });
  expect(result.error).toBeInstanceOf(DownloadError);
  expect(String(result.error)).toMatch(message);
  expect(result.requests).toBe(requests);
  expect(result.pauses).toHaveLength(requests - 1);
  expect(result.bytes.toString()).toBe("old bytes");
});

test.concurrent("slow trickle, always", async () => {
  const fault = { trickle: { bytes: 16, everyMs: 20 } };
  const result = await attempt({ fault }, { limits: { ...limits, totalMs: 2_000 } });
  expect(String(result.error)).toMatch(/takes longer than 2 s/);
  expect([result.requests, result.bytes.toString()]).toEqual([1, "old bytes"]);
});

test.concurrent.each(always.filter(([, , requests]) => requests > 1))("%s, once", async (_, fault) => {
  const result = await attempt({ faults: [fault] });
  expect(result.error).toBeUndefined();
  expect(result.requests).toBe(2);
  expect(result.bytes.equals(content)).toBe(true);
});

test("nobody comes back before the time that Retry-After asks for, in seconds or as a date, up to a minute", async () => {
  const date = new Date(Date.now() + 20_000).toUTCString();
  const faults = [7, date, 86_400, "soon", 0].map((retryAfter) => ({ status: 429, retryAfter }));
  const { pauses } = await attempt({ faults });
  const bounds = [
    [7_000, 22_000],
    [17_000, 50_000],
    [60_000, 120_000],
    [0, 60_000],
    [0, 60_000],
  ] as const;
  expect(pauses).toHaveLength(bounds.length);
  for (const [index, [least, most]] of bounds.entries()) {
    expect(pauses[index]).toBeGreaterThanOrEqual(least);
    expect(pauses[index]).toBeLessThanOrEqual(most);
  }
});

test("workspaces that were turned away together do not come back together, whatever Retry-After asks for", async () => {
  const faults = [{ status: 429, retryAfter: 1 }];
  const runs = await Promise.all(Array.from({ length: 40 }, () => attempt({ faults })));
  const drawn = runs.map(({ pauses }) => pauses[0] ?? -1).sort((a, b) => a - b);
  expect(drawn[0]).toBeGreaterThanOrEqual(1_000);
  expect(new Set(drawn.map((ms) => Math.floor(ms / 1_000))).size).toBeGreaterThan(8);
});

test("what cannot begin in time is not waited for", async () => {
  const fault = { status: 429, retryAfter: 30 };
  const result = await attempt({ fault }, { limits: { ...limits, attempts: 2, totalMs: 10_000 } });
  expect(String(result.error)).toContain("HTTP 429");
  expect([result.requests, result.pauses]).toEqual([1, []]);
});

test("without one the pauses grow, each drawn from its whole span", async () => {
  const runs = await Promise.all(Array.from({ length: 20 }, () => attempt({ fault: { status: 500 } })));
  for (const [index, longest] of [1000, 2000, 4000, 8000].entries()) {
    const drawn = runs.map(({ pauses }) => pauses[index] ?? -1);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(longest);
    expect(Math.max(...drawn)).toBeGreaterThan(longest / 3);
    expect(Math.min(...drawn)).toBeLessThan((longest * 2) / 3);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  }
});

test("the total time is for all attempts: a stall every time cannot stretch it", async () => {
  const result = await attempt(
    { fault: { neverEnds: true } },
    { limits: { ...limits, idleMs: 300, totalMs: 700 }, env: { AMP_MODULE_RETRY_SCALE: "0" } },
  );
  expect(String(result.error)).toMatch(/takes longer than 0.7 s/);
  expect(result.requests).toBeLessThan(5);
});

test("more bytes than any release has end it", async () => {
  const result = await attempt({}, { limits: { ...limits, maxBytes: 1000 } });
  expect(String(result.error)).toContain("more than 1000 bytes came");
  expect(result.requests).toBe(1);
});

test("a wrong checksum is final, and names both", async () => {
  const result = await attempt({}, { sha256: "0".repeat(64) });
  expect(String(result.error)).toMatch(/wrong checksum: sha256 [0-9a-f]{64}, wanted 0{64}/);
  expect(result.requests).toBe(1);
  expect(result.bytes.toString()).toBe("old bytes");
});

test("what does not prove itself never gets in place", async () => {
  const reason = new Error("the file answers as version 1.0.0");
  const prove = async (temporary: string) => {
    expect((await readFile(temporary)).equals(content)).toBe(true);
    throw reason;
  };
  const result = await attempt({}, { prove });
  expect(result.error).toBe(reason);
  expect(result.bytes.toString()).toBe("old bytes");
});

test("an empty answer is no file", async () => {
  const result = await attempt({ content: "" });
  expect(String(result.error)).toMatch(/the answer is empty \(tried 5 times\)/);
});

test("a redirect to another scheme is refused, one within the scheme is followed", async () => {
  const other = await attempt({ redirectTo: "file:///etc/passwd" });
  expect(String(other.error)).toContain("redirected from http: to file:, which is refused");
  expect(other.requests).toBe(1);
  const loop = await attempt({ redirectTo: "/file" });
  expect(String(loop.error)).toContain("too many redirects");
  expect(loop.requests).toBe(11);
});

test("an address's password is in no error", async () => {
  const error = await download("http://bob:p@ss@127.0.0.1:9/file", "/tmp/amp-module-nowhere", {
    env: {},
    mode: 0o600,
    limits: { attempts: 1 },
  }).catch(String);
  expect(error).toContain("//127.0.0.1:9/file");
  expect(error).not.toContain("p@ss");
});
