const MASK = "[redacted]";
const SECRET_NAME = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL|AUTHORIZATION/i;
/** Shorter values are words, not secrets. */
const SHORTEST = 8;

/** Masks secrets in a text that goes into an error. */
export type Redact = (text: string) => string;

/**
 * Masks values of environment variables that are named like a secret, further `values`, Amp keys, login addresses,
 * `Authorization` headers and passwords in URLs.
 */
export function createRedact(env: NodeJS.ProcessEnv, values: readonly string[] = []): Redact {
  const named = Object.entries(env).flatMap(([name, value]) =>
    value && SECRET_NAME.test(name) ? [value] : [],
  );
  const secrets = [...new Set([...named, ...values].flatMap(spellings))]
    .filter((secret) => secret.length >= SHORTEST)
    // A secret that contains another goes first, or its rest would stay readable.
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let masked = text;
    for (const secret of secrets) masked = masked.replaceAll(secret, MASK);
    return masked
      .replace(/\bsgamp_\w+/g, MASK)
      .replace(/(authToken=)[^\s&"']+/gi, `$1${MASK}`)
      .replace(/(\bauthorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token)\s+)?)[^\s"',}]+/gi, `$1${MASK}`)
      .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s@]+@/gi, `$1${MASK}@`);
  };
}

/** The strings under `env` and `headers` of MCP servers, given by name. */
export function mcpSecrets(servers: Readonly<Record<string, unknown>>): string[] {
  return Object.values(servers).flatMap((server) => {
    const { env, headers } = (server ?? {}) as { env?: object; headers?: object };
    return Object.values({ ...env, ...headers }).filter((value) => typeof value === "string");
  });
}

function spellings(secret: string): string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
}
