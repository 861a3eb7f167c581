const MASK = "[redacted]";
/** Shorter values are words, not secrets: masking them would make logs unreadable. */
const SHORTEST_SECRET = 8;
const SECRET_NAME = /(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|AUTHORIZATION)/i;

/** Masks secrets in a text that goes to a log, an error or a terminal. */
export type Redact = (text: string) => string;

/**
 * Builds the mask from what is secret in this run: values of environment variables with a secret's name, and the
 * values of `env` and `headers` of MCP servers. Each is masked plain, JSON-escaped and URL-escaped; `Authorization`
 * headers and passwords in URLs are masked whatever their value.
 *
 * @param env the process's environment
 * @param values further secrets
 */
export function createRedact(env: NodeJS.ProcessEnv, values: readonly string[] = []): Redact {
  const named = Object.entries(env).flatMap(([name, value]) =>
    value && SECRET_NAME.test(name) ? [value] : [],
  );
  const secrets = [...new Set([...named, ...values].flatMap(spellings))]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    // A secret that contains another must go first, or its rest would stay readable.
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let masked = text;
    for (const secret of secrets) masked = masked.replaceAll(secret, MASK);
    return masked
      .replace(/(\bauthorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token)\s+)?)[^\s"',}]+/gi, `$1${MASK}`)
      .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s@]+@/gi, `$1${MASK}@`);
  };
}

/** The values that MCP servers get through `env` and `headers`, from any settings-like object. */
export function mcpSecrets(servers: unknown): string[] {
  return objectsIn(servers).flatMap((server) =>
    ["env", "headers"].flatMap((name) =>
      Object.values(asObject(server[name])).filter((value): value is string => typeof value === "string"),
    ),
  );
}

function spellings(secret: string): string[] {
  const lines = secret.split("\n").map((line) => line.trim());
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    ...(lines.length > 1 ? lines : []),
  ];
}

function objectsIn(value: unknown): Record<string, unknown>[] {
  return Object.values(asObject(value)).map(asObject);
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
