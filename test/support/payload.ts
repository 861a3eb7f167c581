import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";

const place = /(config\.json" 600 ')([^']+)'/;
const digest = /[0-9a-f]{64}(?= {2}config\.json\b)/;

/** The payload as a start script carries it: `base64gzip` of JSON. */
export function packedPayload(script: string): string {
  return script.match(place)?.[2] ?? "";
}

/** The payload of a start script as the JSON text that becomes config.json. */
export function payloadText(script: string): string {
  return gunzipSync(Buffer.from(packedPayload(script), "base64")).toString();
}

/** The same start script with another payload. */
export function withPayload(script: string, payload: object): string {
  const text = JSON.stringify(payload);
  const packed = gzipSync(text).toString("base64");
  return script
    .replace(place, (_, ahead: string) => `${ahead}${packed}'`)
    .replace(digest, createHash("sha256").update(text).digest("hex"));
}
