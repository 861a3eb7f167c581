import { readFileSync } from "node:fs";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { reasonOf } from "./errors.ts";
import { proxyFor } from "./proxy.ts";

/** The answer to one GET; redirects are the caller's business. */
export interface HttpAnswer {
  status: number;
  header: (name: string) => string | undefined;
  /** Must be read to its end, or left with `close`. */
  body: AsyncIterable<Uint8Array>;
  close: () => void;
}

export interface HttpOptions {
  headers?: Record<string, string>;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
}

/**
 * One GET on any runtime, through the environment's proxy and with its CA bundle. Bun and deno follow these variables
 * in their own fetch; Node before 24 does not follow a proxy, and no Node follows `SSL_CERT_FILE`.
 */
export function httpGet(url: URL, options: HttpOptions): Promise<HttpAnswer> {
  const isNode = !("Bun" in globalThis) && !("Deno" in globalThis);
  return isNode ? getWithNode(url, options) : getWithFetch(url, options);
}

async function getWithFetch(url: URL, { headers = {}, signal }: HttpOptions): Promise<HttpAnswer> {
  const response = await fetch(url, { headers, signal, redirect: "manual" }).catch((cause: unknown) => {
    // deno repeats the address, with a password that is in it.
    throw new Error(reasonOf(cause).replace(/ for url \([^)]*\)/, ""), { cause });
  });
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    body: response.body ?? emptyBody(),
    close: () => void response.body?.cancel().catch(() => {}),
  };
}

type Modules = Awaited<ReturnType<typeof loadModules>>;

/** Only where something is downloaded: every other start saves the time to load them. */
async function loadModules() {
  const [http, https, tls] = await Promise.all([
    import("node:http"),
    import("node:https"),
    import("node:tls"),
  ]);
  return { http, https, tls };
}

async function getWithNode(url: URL, { headers = {}, signal, env }: HttpOptions): Promise<HttpAnswer> {
  const modules = await loadModules();
  const { http, https, tls } = modules;
  const proxy = proxyFor(url, env);
  const ca = extraCertificates(env, tls.rootCertificates);
  const common = { headers, signal, agent: false as const, ...(ca ? { ca } : {}) };
  let sent: ClientRequest;
  if (!proxy) {
    sent = url.protocol === "https:" ? https.request(url, common) : http.request(url, common);
  } else if (url.protocol === "https:") {
    const tunnel = await openTunnel(modules, proxy, url, signal);
    const createConnection = () =>
      tls.connect({ socket: tunnel, servername: url.hostname, ...(ca ? { ca } : {}) });
    sent = https.request(url, { ...common, createConnection });
  } else {
    const target = { host: proxy.hostname, port: proxy.port || 80, path: url.href };
    sent = http.request({
      ...common,
      ...target,
      headers: { host: url.host, ...authorization(proxy), ...headers },
    });
  }
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve).once("error", reject).end();
  });
  return {
    status: answer.statusCode ?? 0,
    header: (name) => firstOf(answer.headers[name.toLowerCase()]),
    body: answer,
    close: () => void answer.destroy(),
  };
}

/** A connection through the proxy by CONNECT (RFC 9110, 9.3.6), in which TLS then runs end to end. */
function openTunnel({ http, https }: Modules, proxy: URL, url: URL, signal: AbortSignal): Promise<Duplex> {
  const { request } = proxy.protocol === "https:" ? https : http;
  const path = `${url.hostname}:${url.port || 443}`;
  const sent = request({
    host: proxy.hostname,
    port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
    method: "CONNECT",
    path,
    headers: { host: path, ...authorization(proxy) },
    signal,
    agent: false,
  });
  return new Promise((resolve, reject) => {
    sent.once("connect", (answer, socket) => {
      if (answer.statusCode === 200) resolve(socket);
      else reject(new Error(`the proxy ${proxy.host} refuses the connection with HTTP ${answer.statusCode}`));
    });
    sent.once("response", (answer) =>
      reject(new Error(`the proxy ${proxy.host} answers HTTP ${answer.statusCode}`)),
    );
    sent.once("error", reject).end();
  });
}

function authorization(proxy: URL): Record<string, string> {
  if (proxy.username === "") return {};
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
}

/** Node reads `NODE_EXTRA_CA_CERTS` by itself, at its start; `SSL_CERT_FILE` is what everything else follows. */
function extraCertificates(env: NodeJS.ProcessEnv, roots: readonly string[]): string[] | undefined {
  const [own, ...extra] = [env["SSL_CERT_FILE"], env["NODE_EXTRA_CA_CERTS"]].map((path) => {
    try {
      return path ? [readFileSync(path, "utf8")] : [];
    } catch {
      // The install has warned of it.
      return [];
    }
  });
  return own?.length ? [...roots, ...own, ...extra.flat()] : undefined;
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}
