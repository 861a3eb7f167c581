import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { download } from "../../src/base/download.ts";
import { proxyFor } from "../../src/base/proxy.ts";
import { makeCertificates } from "../support/certificates.ts";
import { findTool } from "../support/find-tool.ts";
import { freePort } from "../support/free-port.ts";

const openssl = await findTool("openssl");
const folder = mkdtempSync(join(tmpdir(), "amp-module-proxied-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function listen(server: ReturnType<typeof createHttpServer>): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** An HTTPS file server, and a proxy that opens tunnels and forwards plain requests to it. */
async function setUp(refuse = false) {
  const { ca, key, cert } = makeCertificates(folder);
  const origin = await listen(createHttpsServer({ key, cert }, (_, response) => response.end("secret file")));
  const plain = await listen(createHttpServer((_, response) => response.end("plain file")));
  const seen: string[] = [];
  const server = createHttpServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.end("from the proxy");
  });
  server.on("connect", (request, socket) => {
    seen.push(`CONNECT ${request.url} ${request.headers["proxy-authorization"] ?? ""}`.trim());
    if (refuse) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    const upstream = connect(origin, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    for (const end of [socket, upstream]) end.on("error", () => {});
  });
  const proxy = await listen(server);
  const get = async (url: string, env: NodeJS.ProcessEnv) => {
    const target = join(folder, "target");
    rmSync(target, { force: true });
    await download(url, target, { env, mode: 0o600, limits: { attempts: 1 } });
    return readFileSync(target, "utf8");
  };
  return { ca, origin, plain, proxy, seen, get };
}

test.skipIf(!openssl)("https goes through the proxy's tunnel, with the CA of SSL_CERT_FILE", async () => {
  const { ca, proxy, seen, get } = await setUp();
  const env = { HTTPS_PROXY: `http://bob:p%40ss@127.0.0.1:${proxy}`, SSL_CERT_FILE: ca };
  // Nothing listens there: only the proxy knows the way, as in a network that lets nothing else out.
  const port = await freePort();
  expect(await get(`https://localhost:${port}/file`, env)).toBe("secret file");
  const credentials = Buffer.from("bob:p@ss").toString("base64");
  expect(seen).toEqual([`CONNECT localhost:${port} Basic ${credentials}`]);
});

test.skipIf(!openssl)("without the CA the certificate is refused, with and without a proxy", async () => {
  const { ca, origin, proxy, get } = await setUp();
  const url = `https://localhost:${origin}/file`;
  await expect(get(url, { HTTPS_PROXY: `http://127.0.0.1:${proxy}` })).rejects.toThrow(
    /certificate|signature/i,
  );
  await expect(get(url, {})).rejects.toThrow(/certificate|signature/i);
  expect(await get(url, { SSL_CERT_FILE: ca })).toBe("secret file");
});

test.skipIf(!openssl)("a proxy that refuses is named, without its password", async () => {
  const { ca, origin, proxy, get } = await setUp(true);
  const env = { https_proxy: `http://bob:hidden@127.0.0.1:${proxy}`, SSL_CERT_FILE: ca };
  const error = await get(`https://localhost:${origin}/file`, env).catch(String);
  expect(error).toContain(`the proxy 127.0.0.1:${proxy} refuses the connection with HTTP 403`);
  expect(error).not.toContain("hidden");
});

test.skipIf(!openssl)(
  "plain http is asked of the proxy by its whole address; NO_PROXY goes around it",
  async () => {
    const { plain, proxy, seen, get } = await setUp();
    const url = `http://127.0.0.1:${plain}/file`;
    expect(await get(url, { HTTP_PROXY: `http://127.0.0.1:${proxy}` })).toBe("from the proxy");
    expect(seen).toEqual([`GET ${url}`]);
    const around = { HTTP_PROXY: `http://127.0.0.1:${proxy}`, NO_PROXY: `example.org, 127.0.0.1:${plain}` };
    expect(await get(url, around)).toBe("plain file");
  },
);

test.each([
  ["https://a.example/x", { HTTPS_PROXY: "http://p:1" }, "http://p:1/"],
  ["https://a.example/x", { https_proxy: "http://low:1", HTTPS_PROXY: "http://up:1" }, "http://low:1/"],
  ["https://a.example/x", { HTTP_PROXY: "http://p:1" }, undefined],
  ["http://a.example/x", { ALL_PROXY: "p:1" }, "http://p:1/"],
  ["https://a.example/x", { HTTPS_PROXY: "http://p:1", NO_PROXY: "example" }, undefined],
  ["https://a.example/x", { HTTPS_PROXY: "http://p:1", NO_PROXY: ".example" }, undefined],
  ["https://a.example/x", { HTTPS_PROXY: "http://p:1", NO_PROXY: "*" }, undefined],
  ["https://a.example/x", { HTTPS_PROXY: "http://p:1", NO_PROXY: "ample" }, "http://p:1/"],
  ["https://a.example/x", { HTTPS_PROXY: "http://p:1", NO_PROXY: "a.example:8443" }, "http://p:1/"],
  ["https://a.example/x", { HTTPS_PROXY: "http://p:1", no_proxy: "a.example:443" }, undefined],
])("%s with %j: proxy %s", (url, env, proxy) => {
  expect(proxyFor(new URL(url), env)?.href).toBe(proxy);
});
