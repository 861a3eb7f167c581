import { parse } from "jsonc-parser";
import { withoutCredentials } from "../../base/download.ts";
import { isSecretName, MASK } from "../../base/redact.ts";

/** Whatever they hold: MCP servers have their secrets there. */
const CLOSED = /^(env|headers|args)$/;
/** What people wrote for Amp is theirs: only how long it is may be of use. */
const PROMPTS = /prompt/i;

/** A JSON text without its secrets, or undefined if it cannot be read: then nothing can be told from a secret. */
export function maskedJson(text: string): string | undefined {
  const errors: [] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  return errors.length > 0 || value === undefined ? undefined : `${JSON.stringify(masked(value), null, 2)}\n`;
}

function masked(value: unknown, key = ""): unknown {
  if (typeof value === "string") return maskedText(value, key);
  if (Array.isArray(value)) return value.map((item) => masked(item, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      CLOSED.test(name) ? closed(inner) : masked(inner, name),
    ]),
  );
}

/** Which variables and headers there are says something; what is in them does not. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(() => MASK);
  if (typeof value !== "object" || value === null) return MASK;
  return Object.fromEntries(Object.keys(value).map((name) => [name, MASK]));
}

function maskedText(text: string, key: string): string {
  if (isSecretName(key)) return MASK;
  if (PROMPTS.test(key)) return `(${text.length} characters)`;
  // JSON within JSON, such as base_amp_config.
  if (/^\s*[{[]/.test(text)) return maskedJson(text) ?? MASK;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? withoutCredentials(text) : text;
}
