/** Run by Bun and deno: downloads the address in its arguments and prints the outcome as JSON. */

import { download } from "../../src/base/download.ts";
import { reasonOf } from "../../src/base/errors.ts";

const [url = "", target = ""] = process.argv.slice(2);
let retries = 0;
let message = "";
try {
  const onRetry = () => void retries++;
  await download(url, target, { mode: 0o600, env: process.env, onRetry, pause: async () => {} });
} catch (error) {
  message = reasonOf(error);
}
console.log(JSON.stringify({ retries, message }));
