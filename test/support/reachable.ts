/**
 * True where an HTTP server answers at `url` at all, within `timeoutMs`.
 * A closed network says no at once (no name, no route); one that swallows packets costs the timeout.
 */
export async function isReachable(url: string, timeoutMs = 3000): Promise<boolean> {
  try {
    await fetch(url, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
    return true;
  } catch {
    return false;
  }
}

/**
 * Downloads a whole file.
 * @throws with the URL and the status, or the cause, where it does not arrive
 */
export async function download(url: string, timeoutMs = 120_000): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).catch((error: Error) => {
    throw new Error(`${url}: ${(error.cause as Error | undefined)?.message ?? error.message}`);
  });
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}
