import { readFileSync } from "node:fs";
import type { ClientRequest, RequestOptions } from "node:http";
import type { Duplex } from "node:stream";
import { answerTo, type HttpAnswer, type HttpRequest, hasFastFetch, requestWithFetch } from "./http.ts";
import { proxyFor } from "./proxy.ts";

export interface ProxiedRequest extends HttpRequest {
  env: NodeJS.ProcessEnv;
}

/**
 * One request on any runtime, through the environment's proxy and with its CA bundle. Bun and deno follow these variables
 * in their own fetch; Node before 24 does not follow a proxy, and no Node follows `SSL_CERT_FILE`.
 */
export function requestThroughProxy(url: URL, request: ProxiedRequest): Promise<HttpAnswer> {
  return hasFastFetch ? requestWithFetch(fetch, url, request) : requestWithNode(url, request);
}

async function requestWithNode(
  url: URL,
  { method = "GET", headers = {}, body, signal, env }: ProxiedRequest,
): Promise<HttpAnswer> {
  const proxy = proxyFor(url, env);
  const common = { method, headers, signal, agent: false as const };
  if (url.protocol === "https:") {
    return answerTo(await secureRequest(url, common, proxy, env), { body, signal });
  }
  const { request } = await import("node:http");
  if (!proxy) return answerTo(request(url, common), { body, signal });
  const target = { host: proxy.hostname, port: proxy.port || 80, path: url.href };
  const forwarded = { host: url.host, ...authorization(proxy), ...headers };
  return answerTo(request({ ...common, ...target, headers: forwarded }), { body, signal });
}

async function secureRequest(
  url: URL,
  options: RequestOptions & { signal: AbortSignal },
  proxy: URL | undefined,
  env: NodeJS.ProcessEnv,
): Promise<ClientRequest> {
  const [{ request }, { connect, rootCertificates }] = await Promise.all([
    import("node:https"),
    import("node:tls"),
  ]);
  const ca = extraCertificates(env, rootCertificates);
  const trusted = ca ? { ca } : {};
  if (!proxy) return request(url, { ...options, ...trusted });
  const socket = await openTunnel(proxy, url, options.signal);
  const createConnection = () => connect({ socket, servername: url.hostname, ...trusted });
  // With an agent, `false` included, Node would pass over the tunnel and connect by itself.
  return request(url, { ...options, agent: undefined, createConnection });
}

/** A connection through the proxy by CONNECT (RFC 9110, 9.3.6), in which TLS then runs end to end. */
async function openTunnel(proxy: URL, url: URL, signal: AbortSignal): Promise<Duplex> {
  const { request } = await (proxy.protocol === "https:" ? import("node:https") : import("node:http"));
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
