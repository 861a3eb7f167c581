import { certificateFix, isCertificateRefused, missingCertificateFiles } from "../../base/certificates.ts";
import { withoutCredentials } from "../../base/download.ts";
import { errorCode, reasonOf } from "../../base/errors.ts";
import { bodyText, type HttpAnswer } from "../../base/http.ts";
import { requestThroughProxy } from "../../base/proxied-http.ts";
import { proxyFor } from "../../base/proxy.ts";
import { type Check, type Finding, note, ok, type Subject, wrong } from "./check.ts";
import { KEY, keyProblem } from "./key.ts";

const PUBLIC_SERVER = "https://ampcode.com";
const ANSWER_MS = 3_500;
const LONGEST_ANSWER = 1024 ** 2;
/** Sooner, no certificate and no token minds. */
const CLOCK_MS = 5 * 60_000;

const certificates: Check = {
  name: "CA files",
  group: "Connection",
  look({ env }) {
    const [missing] = missingCertificateFiles(env);
    if (missing) return wrong(missing, "Correct the variable in the agent's environment, or bring the file.");
    const set = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"].filter((name) => env[name]);
    return set.length === 0 ? [] : ok(set.map((name) => `${name} = ${env[name]}`).join(", "));
  },
};

/** Amp's own question for whom a key belongs to, through the same proxy and with the same CAs as Amp. */
const server: Check = {
  name: "Amp server",
  group: "Connection",
  async look(subject): Promise<Finding[]> {
    const { env, now } = subject;
    const address = env["AMP_URL"] || PUBLIC_SERVER;
    const url = questionFor(address);
    if (!url)
      return [wrong(`AMP_URL is no http address: ${withoutCredentials(address)}`, "Correct amp_url.")];
    const proxy = proxyOf(url, env);
    if (proxy === "invalid")
      return [wrong("the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is no address", PROXY_FIX)];
    const place: Place = { server: url.origin, proxy: proxy?.host, isPublic: url.origin === PUBLIC_SERVER };
    const key = env["AMP_API_KEY"];
    try {
      const answer = await requestThroughProxy(url, {
        method: "POST",
        env,
        signal: AbortSignal.timeout(ANSWER_MS),
        headers: {
          "content-type": "application/json",
          // A key of somebody else's stays here.
          ...(key && keyProblem(key) === undefined ? { authorization: `Bearer ${key}` } : {}),
        },
        body: JSON.stringify({ method: "getUserInfo", params: {} }),
      });
      return [...(await judge(answer, place, subject)), ...clock(answer.header("date"), now())];
    } catch (error) {
      return [unreachable(error, place, env)];
    }
  },
};

/** The order is that of the way to the server. */
export const CONNECTION_CHECKS: readonly Check[] = [certificates, server, KEY];

interface Place {
  /** The origin of Amp's server. */
  server: string;
  /** Host and port of the proxy on the way there. */
  proxy: string | undefined;
  isPublic: boolean;
}

const PROXY_FIX = "Correct HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the agent's environment.";
const SERVER_FIX = "Correct amp_url, or start that server.";

function questionFor(address: string): URL | undefined {
  try {
    const url = new URL("/api/internal?getUserInfo", address);
    return /^https?:$/.test(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}

function proxyOf(url: URL, env: NodeJS.ProcessEnv): URL | "invalid" | undefined {
  try {
    return proxyFor(url, env);
  } catch {
    return "invalid";
  }
}

/** What the answer says about the server and about the key. */
async function judge(answer: HttpAnswer, { server, proxy }: Place, { env }: Subject): Promise<Finding[]> {
  const { status } = answer;
  const through = proxy ? ` through the proxy ${proxy}` : "";
  const key = env["AMP_API_KEY"];
  const isKeySent = key !== undefined && keyProblem(key) === undefined;
  const reached = ok(`${server} answers${through}`);
  const about = (finding: Finding): Finding => ({ ...finding, name: KEY.name });
  const body = await bodyText(answer, LONGEST_ANSWER).catch(() => "");
  answer.close();
  const isPage = /html/i.test(answer.header("content-type") ?? "") || /^\s*<(!doctype|html)/i.test(body);
  if (status === 407) return [wrong(`the proxy ${proxy ?? ""} wants a login (HTTP 407)`, PROXY_FIX)];
  if (status === 401 || status === 403) {
    if (isPage) return [portal(server, `a page instead of Amp's answer (HTTP ${status})`)];
    if (!isKeySent) return [reached];
    const fix =
      "Set amp_api_key to a key that is still valid (https://ampcode.com/settings), and amp_url to its server.";
    return [reached, about(wrong(`${server} refuses the key in AMP_API_KEY (HTTP ${status})`, fix))];
  }
  if (status === 402) {
    const fix = "Add credits (https://ampcode.com/settings), or set amp_api_key to a key of another account.";
    return [reached, about(wrong(`the account of this key has no credits left (HTTP ${status})`, fix))];
  }
  if (status >= 500) {
    const who = proxy ? ` (or the proxy ${proxy})` : "";
    return [wrong(`${server}${who} has a fault: HTTP ${status}`, "Try again later.")];
  }
  if (status >= 300 && status < 400) return [portal(server, `a redirect to ${whereTo(answer, server)}`)];
  if (isPage) return [portal(server, "a page instead of Amp's answer")];
  if (status === 429)
    return [reached, about(note("the server asks for fewer requests (HTTP 429)", "Try again later."))];
  if (status !== 200 || !isJson(body)) {
    return [wrong(`${server} is no Amp server: HTTP ${status} to Amp's question`, "Correct amp_url.")];
  }
  return [reached, ...(isKeySent ? [about(ok("the server accepts the key"))] : [])];
}

function portal(server: string, what: string): Finding {
  return wrong(
    `${server} gives ${what}: a login page of the network, or a proxy, stands in front of it`,
    "Log in to the network, let the workspace pass, or correct amp_url.",
  );
}

function whereTo(answer: HttpAnswer, base: string): string {
  try {
    return new URL(answer.header("location") ?? "", base).origin;
  } catch {
    return "another address";
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function unreachable(error: unknown, place: Place, env: NodeJS.ProcessEnv): Finding {
  const { server, proxy, isPublic } = place;
  const reason = reasonOf(error);
  const code = errorCode(error) || errorCode(error instanceof Error ? error.cause : undefined);
  const target = proxy ? `the proxy ${proxy}` : server;
  const fix = proxy
    ? PROXY_FIX
    : isPublic
      ? "Let the workspace reach ampcode.com, or set HTTPS_PROXY."
      : SERVER_FIX;
  // What the proxy itself says, such as 407.
  const refusal = reason.match(/the proxy \S+ (refuses the connection with|answers) HTTP (\d+)/);
  if (refusal) {
    const login = refusal[2] === "407" ? " and wants a login" : "";
    return wrong(
      `the proxy ${proxy} does not let Amp through to ${server} (HTTP ${refusal[2]})${login}`,
      PROXY_FIX,
    );
  }
  if (isCertificateRefused(reason) || isCertificateRefused(code))
    return refusedCertificate(server, reason, env);
  if (/ENOTFOUND|EAI_AGAIN|EAI_NODATA/.test(code + reason)) {
    return wrong(`the name of ${target} is not known (DNS)`, `Check the workspace's DNS. ${fix}`);
  }
  if (/ECONNREFUSED|ConnectionRefused/i.test(code + reason))
    return wrong(`nothing listens at ${target} (connection refused)`, fix);
  if (
    /TimeoutError|aborted|timed? ?out|ETIMEDOUT/i.test(
      `${error instanceof Error ? error.name : ""} ${reason}`,
    )
  ) {
    return wrong(
      `${target} takes the connection and never answers, or drops it silently (${ANSWER_MS / 1000} s)`,
      `Look for a firewall. ${fix}`,
    );
  }
  if (/ENETUNREACH|EHOSTUNREACH/.test(code)) return wrong(`there is no network route to ${target}`, fix);
  if (/EPROTO|wrong version number|packet length/i.test(code + reason)) {
    return wrong(
      `${target} does not speak TLS: ${reason}`,
      "Begin the address with http:// if that is meant.",
    );
  }
  return wrong(`${target} breaks the connection off (${code || reason})`, fix);
}

function refusedCertificate(server: string, reason: string, env: NodeJS.ProcessEnv): Finding {
  const set = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"].filter((name) => env[name]);
  const told =
    set.length > 0
      ? `${set.join(" and ")} is set, but does not hold its CA`
      : "neither SSL_CERT_FILE nor NODE_EXTRA_CA_CERTS is set";
  return wrong(
    `the certificate of ${server} is not trusted here (${reason}); ${told}`,
    certificateFix(reason, env) ??
      (/expired|not yet valid/i.test(reason)
        ? "Renew the certificate, or correct the clock."
        : "Put the CA of that server into a PEM file and name it in SSL_CERT_FILE."),
  );
}

function clock(date: string | undefined, now: Date): Finding[] {
  const there = Date.parse(date ?? "");
  if (Number.isNaN(there)) return [];
  const off = now.getTime() - there;
  if (Math.abs(off) < CLOCK_MS) return [{ ...ok("the clock is right"), name: "clock" }];
  const text = `the clock is ${duration(Math.abs(off))} ${off > 0 ? "ahead" : "behind"}, so certificates and logins may be refused`;
  return [
    { ...wrong(text, "Set the clock of the machine that the workspace runs on (NTP)."), name: "clock" },
  ];
}

function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}
