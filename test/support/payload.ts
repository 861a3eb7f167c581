import { gunzipSync } from "node:zlib";

/** The payload as a start script carries it: `base64gzip` of JSON. */
export function packedPayload(script: string): string {
  return script.match(/config\.json" 600 '([^']+)'/)?.[1] ?? "";
}

/** The payload of a start script as the JSON text that becomes config.json. */
export function payloadText(script: string): string {
  return gunzipSync(Buffer.from(packedPayload(script), "base64")).toString();
}
