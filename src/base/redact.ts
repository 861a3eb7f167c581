/** What stands in a secret's place. */
export const MASK = "[redacted]";
/** Shorter values are words, not secrets: masking them would make logs unreadable. */
const SHORTEST_SECRET = 8;
const SECRET_NAME = /(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|AUTHORIZATION)/i;
/** Up to the closing quote or the line's end: a scheme can be any word, and its parameters can be many. */
const AUTHORIZATION = /(\bauthorization\\*["']?\s*[:=]\s*\[?\s*\\*["']?)[^\r\n"'\\]+/gi;
/** Up to the last `@` before the path, for a password may hold one itself. */
const URL_CREDENTIALS = /(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s?#"'<>]+@/gi;

/** A parameter that is named like a secret, such as a signed address's, or that of Amp's login page. */
const URL_PARAMETER =
  /([?&][\w.-]{0,40}(?:key|token|secret|passw|credential|sig)[\w.-]{0,40}=|authToken=)[^&#\s"'<>\\]+/gi;
/** Amp's own keys say what they are. */
const AMP_KEY = /\bsgamp_\w+/g;

/** Masks secrets in a text that goes to a log, an error or a terminal. */
export interface Redact {
  (text: string): string;
  /** Masks these from now on, too. */
  learn?: (values: readonly string[]) => void;
}

/**
 * Builds the mask from what is secret in this run: values of environment variables with a secret's name, and the
 * values of `env` and `headers` of MCP servers. Each is masked plain, JSON-escaped and URL-escaped, and line by line
 * if it has several; `Authorization` headers, passwords in URLs, parameters that are named like a secret and Amp's keys
 * are masked whatever their value. `mask` in scripts/amp-module.sh is the same for when there is no runtime yet.
 *
 * @param env the process's environment
 * @param values further secrets
 */
export function createRedact(env: NodeJS.ProcessEnv, values: readonly string[] = []): Redact {
  const named = Object.entries(env).flatMap(([name, value]) =>
    value && SECRET_NAME.test(name) ? [value] : [],
  );
  const secrets = new Set<string>();
  const learn = (more: readonly string[]) => {
    for (const secret of more.flatMap(spellings)) if (secret.length >= SHORTEST_SECRET) secrets.add(secret);
  };
  learn([...named, ...values]);
  const redact = (text: string) =>
    maskAll(text, [...secrets])
      .replace(AUTHORIZATION, `$1${MASK}`)
      .replace(URL_CREDENTIALS, `$1${MASK}@`)
      .replace(URL_PARAMETER, `$1${MASK}`)
      .replace(AMP_KEY, MASK);
  return Object.assign(redact, { learn });
}

/** Whether a variable or a key of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** The values that MCP servers get through `env` and `headers`, from any settings-like object. */
export function mcpSecrets(servers: unknown): string[] {
  const valuesOf = (server: Record<string, unknown>, name: string) =>
    Object.values(asObject(server[name])).filter((value): value is string => typeof value === "string");
  return objectsIn(servers).flatMap((server) => [
    ...valuesOf(server, "env"),
    // "Bearer abc": the secret is what follows the scheme, and may turn up without it.
    ...valuesOf(server, "headers").flatMap((value) => [value, value.replace(/^\S+\s+/, "")]),
  ]);
}

/** The values of an address's parameters: what one of them is for, its name need not tell. */
export function urlSecrets(url: string): string[] {
  const query = url.match(/\?([^#]*)/)?.[1] ?? "";
  return query.split("&").map((parameter) => parameter.replace(/^[^=]*=/, ""));
}

/** Masks the union of all places where a secret stands: of two that overlap, no end stays readable. */
function maskAll(text: string, secrets: readonly string[]): string {
  const spans = secrets.flatMap((secret) => spansOf(text, secret)).sort(([a], [b]) => a - b);
  let masked = "";
  let done = 0;
  for (const [from, to] of spans) {
    if (from >= done) masked += text.slice(done, from) + MASK;
    done = Math.max(done, to);
  }
  return masked + text.slice(done);
}

function spansOf(text: string, secret: string): [from: number, to: number][] {
  const spans: [number, number][] = [];
  for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) {
    spans.push([at, at + secret.length]);
  }
  return spans;
}

/** How one secret may be written: by JavaScript, by Go (AgentAPI, Coder), in a URL's path or its query. */
function spellings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const lines = secret.split("\n").map((line) => line.trim());
  return [
    secret,
    json,
    json.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`),
    ...urlSpellings(secret),
    ...(lines.length > 1 ? lines.flatMap(spellings) : []),
  ];
}

function urlSpellings(secret: string): string[] {
  try {
    return [encodeURIComponent(secret), new URLSearchParams({ "": secret }).toString().slice(1)];
  } catch {
    // Half of a surrogate pair, which no URL can hold.
    return [];
  }
}

function objectsIn(value: unknown): Record<string, unknown>[] {
  return Object.values(asObject(value)).map(asObject);
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
