import { requestThroughProxy } from "../base/proxied-http.ts";

const DEFAULT_URL = "https://ampcode.com";
/** A server that is well answers within a second, whatever it is asked. */
const PATIENCE_MS = 5_000;

/** Whether Amp's server (`AMP_URL`) takes a question and never answers. One that cannot be reached Amp names itself. */
export async function isServerSilent(env: NodeJS.ProcessEnv, patienceMs = PATIENCE_MS): Promise<boolean> {
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const answer = await requestThroughProxy(new URL(env["AMP_URL"] || DEFAULT_URL), { env, signal });
    answer.close();
    return false;
  } catch {
    return signal.aborted;
  }
}
