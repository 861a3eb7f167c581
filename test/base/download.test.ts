import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type DownloadOptions, download } from "../../src/base/download.ts";
import { AttemptError, withRetries } from "../../src/base/retry.ts";
import { type Route, startFileServer } from "../support/file-server.ts";
import { makeFolder } from "./folder.ts";

const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
const sha256 = createHash("sha256").update(content).digest("hex");

async function setUp(route: Route | undefined) {
  const server = await startFileServer(route ? { "/file": { content, ...route } } : {});
  onTestFinished(() => server.close());
  const folder = makeFolder();
  const target = join(folder, "target");
  const pauses: number[] = [];
  const retries: string[] = [];
  const get = (options: Partial<DownloadOptions> = {}, url = `${server.url}/file`) =>
    download(url, target, {
      env: {},
      mode: 0o755,
      pause: async (ms) => void pauses.push(ms),
      onRetry: (reason) => retries.push(reason),
      ...options,
    });
  /** The old file is as it was, and nothing is beside it. */
  const expectOld = () => {
    expect(readFileSync(target, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["target"]);
  };
  return {
    server,
    folder,
    target,
    pauses,
    retries,
    get,
    expectOld,
    writeOld: () => writeFileSync(target, "old"),
  };
}

describe("a file that arrives", () => {
  test.each([
    [undefined],
    [sha256],
    [sha256.toUpperCase()],
  ])("is in place, with its mode; checksum %s", async (wanted) => {
    const { get, target, folder, server, pauses } = await setUp({});
    const progress: number[] = [];
    await get({
      sha256: wanted,
      onProgress: ({ bytes, totalBytes }) => progress.push(bytes, totalBytes ?? -1),
    });
    expect(readFileSync(target)).toEqual(content);
    expect(statSync(target).mode & 0o777).toBe(0o755);
    expect(readdirSync(folder)).toEqual(["target"]);
    expect(progress.slice(-2)).toEqual([content.length, content.length]);
    expect([server.count(), pauses]).toEqual([1, []]);
  });

  test("replaces the old one, by a redirect as well", async () => {
    const { get, target, server, writeOld } = await setUp({});
    writeOld();
    server.set("/moved", { redirectTo: "/file" });
    await get({}, `${server.url}/moved`);
    expect(readFileSync(target)).toEqual(content);
  });

  test("replaces nothing where it does not prove itself; the proof sees the whole file", async () => {
    const { get, writeOld, expectOld } = await setUp({});
    writeOld();
    const prove = async (temporary: string) => {
      expect(readFileSync(temporary)).toEqual(content);
      throw new Error("not the right program");
    };
    await expect(get({ prove })).rejects.toThrow("not the right program");
    expectOld();
  });
});

describe("is tried again", () => {
  test.each<[string, Route, number]>([
    ["500", { faults: [{ status: 500 }] }, 2],
    ["503 three times", { faults: [{ status: 503 }, { status: 503 }, { status: 502 }] }, 4],
    ["429", { faults: [{ status: 429 }] }, 2],
    ["408", { faults: [{ status: 408 }] }, 2],
    ["cut off", { faults: [{ cutAt: 70_000 }, { cutAt: 10 }] }, 3],
    ["reset", { faults: [{ reset: true }] }, 2],
    ["stalled", { faults: [{ neverEnds: true }] }, 2],
    ["no answer", { faults: [{ delayMs: 5_000 }] }, 2],
  ])("after %s, and whole in the end", async (_name, route, requests) => {
    const { get, target, server, folder, pauses } = await setUp(route);
    await get({ sha256, limits: { connectMs: 400, idleMs: 400 } });
    expect(readFileSync(target)).toEqual(content);
    expect(readdirSync(folder)).toEqual(["target"]);
    expect(server.count()).toBe(requests);
    expect(pauses).toHaveLength(requests - 1);
  });

  test("with pauses that grow, five times in all; the reason is said each time and at the end", async () => {
    const { get, server, pauses, retries, writeOld, expectOld } = await setUp({ fault: { status: 503 } });
    writeOld();
    await expect(get()).rejects.toMatchObject({
      name: "DownloadError",
      status: 503,
      message: expect.stringMatching(/\/file: HTTP 503: fault 503 .*5 times/),
    });
    expect(server.count()).toBe(5);
    expect(retries).toHaveLength(4);
    for (const [index, ms] of pauses.entries()) expect(ms).toBeLessThanOrEqual(500 * 2 ** (index + 1));
    expectOld();
  });
});

describe("is not tried again", () => {
  test.each([400, 401, 403, 404, 410])("HTTP %i", async (status) => {
    const { get, server, writeOld, expectOld } = await setUp({ fault: { status } });
    writeOld();
    await expect(get()).rejects.toMatchObject({ name: "DownloadError", status });
    expect(server.count()).toBe(1);
    expectOld();
  });

  const css = "body { color: red } ".repeat(100);
  test.each([
    [
      "a web page",
      `<!DOCTYPE html>\n<html><head><title>Not\n found</title><style>${css}</style>`,
      "Not found",
    ],
    ["a web page without a title", `<html><body class="x"><h1>Oops</h1>${css}</body></html>`, ""],
    [
      "XML",
      '<?xml version="1.0"?>\n<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>',
      "NoSuchKey no such key",
    ],
    ["text with control characters", "no\u001b[31m such\r\nfile\u0007 a < b", "no [31m such file a < b"],
    ["long text", "word ".repeat(100), "word ".repeat(40).slice(0, 200)],
  ])("a 404 that explains itself with %s: only its text is said, and little of it", async (_, body, said) => {
    const { get } = await setUp({ fault: { status: 404, body } });
    const error = await get().catch((thrown: Error) => thrown.message);
    expect(error).toMatch(/\/file: HTTP 404/);
    expect(String(error).replace(/^.*HTTP 404(: )?/, "")).toBe(said);
  });

  test("a wrong checksum: both are named", async () => {
    const { get, server, writeOld, expectOld } = await setUp({});
    writeOld();
    const wanted = "0".repeat(64);
    await expect(get({ sha256: wanted })).rejects.toThrow(
      `wrong checksum: sha256 ${sha256}, wanted ${wanted}`,
    );
    expect(server.count()).toBe(1);
    expectOld();
  });

  test.each([
    ["ftp:", "ftp://127.0.0.1/file"],
    ["file:", "file:///etc/passwd"],
  ])("a redirect to %s", async (scheme, redirectTo) => {
    const { get, server, writeOld, expectOld } = await setUp({ redirectTo });
    writeOld();
    await expect(get()).rejects.toThrow(new RegExp(`redirected from http: to ${scheme}`));
    expect(server.count()).toBe(1);
    expectOld();
  });

  test("a redirect from https to http", async (context) => {
    const folder = makeFolder();
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const made = spawnSync("openssl", [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "1",
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost",
      "-keyout",
      key,
      "-out",
      cert,
    ]);
    if (made.status !== 0) return context.skip("no openssl to make a certificate with");
    const { get, server, writeOld, expectOld } = await setUp({});
    let asked = 0;
    const secure = createServer(
      { key: readFileSync(key), cert: readFileSync(cert) },
      (_request, response) => {
        asked++;
        response.writeHead(302, { location: `${server.url}/file` }).end();
      },
    ).listen(0, "127.0.0.1");
    onTestFinished(() => void secure.close());
    await once(secure, "listening");
    const address = secure.address();
    const port = typeof address === "object" ? address?.port : undefined;
    writeOld();
    const failed = get({ env: { SSL_CERT_FILE: cert } }, `https://localhost:${port}/file`);
    await expect(failed).rejects.toThrow(/redirected from https: to http:, which is refused/);
    expect([asked, server.count()]).toEqual([1, 0]);
    expectOld();
  });

  test("a circle of redirects", async () => {
    const { get, server } = await setUp({ redirectTo: "/file" });
    await expect(get()).rejects.toThrow(/too many redirects/);
    expect(server.count()).toBeLessThan(15);
  });

  test("a file larger than the limit", async () => {
    const { get, server, writeOld, expectOld } = await setUp({});
    writeOld();
    await expect(get({ limits: { maxBytes: 50_000 } })).rejects.toThrow(/more than 50000 bytes/);
    expect(server.count()).toBe(1);
    expectOld();
  });

  test("a folder that is not there, or a folder in the target's place", async () => {
    const { server, folder, pauses } = await setUp({});
    const options = { env: {}, mode: 0o600, pause: async (ms: number) => void pauses.push(ms) };
    await expect(download(`${server.url}/file`, join(folder, "no/target"), options)).rejects.toThrow(
      /ENOENT/,
    );
    mkdirSync(join(folder, "taken/full"), { recursive: true });
    await expect(download(`${server.url}/file`, join(folder, "taken"), options)).rejects.toThrow(
      /EISDIR|EEXIST|ENOTEMPTY/,
    );
    expect(pauses).toEqual([]);
    expect(readdirSync(folder)).toEqual(["taken"]);
  });

  test("an address that is none", async () => {
    const { get, pauses, target } = await setUp({});
    await expect(get({}, "not an address")).rejects.toMatchObject({ name: "DownloadError" });
    expect(pauses).toEqual([]);
    expect(existsSync(target)).toBe(false);
  });
});

test("an empty answer is no file", async () => {
  const { get, writeOld, expectOld } = await setUp({ content: "" });
  writeOld();
  await expect(get()).rejects.toThrow(/the answer is empty/);
  expectOld();
});

test("a server that is not there: the address is named, without its password", async () => {
  const { get, pauses } = await setUp(undefined);
  const failed = get({}, "http://user:p@ssw0rd@127.0.0.1:1/file").catch((error: Error) => error.message);
  expect(await failed).toMatch(/127\.0\.0\.1:1\/file: .*ECONNREFUSED/);
  expect(await failed).not.toContain("ssw0rd");
  expect(pauses).toHaveLength(4);
});

describe("withRetries", () => {
  test("passes on what it throws for good, once", async () => {
    let tried = 0;
    const attempt = async () => {
      tried++;
      throw new AttemptError("never", { isFinal: true });
    };
    await expect(withRetries({ attempts: 5, longestPauseMs: 1 }, attempt)).rejects.toThrow(/^never$/);
    expect(tried).toBe(1);
  });

  test("a full disk is not the server's fault", async () => {
    let tried = 0;
    const attempt = async () => {
      tried++;
      throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    };
    await expect(withRetries({ attempts: 5, longestPauseMs: 1 }, attempt)).rejects.toThrow("no space");
    expect(tried).toBe(1);
  });
});
