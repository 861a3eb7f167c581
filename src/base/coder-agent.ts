import { requestThroughProxy } from "./proxied-http.ts";

/** How long Coder may take for one request of a workspace's agent. */
const TIMEOUT_MS = 3_000;

/** Coder's API for the agent of this workspace. */
export interface CoderAgent {
  /**
   * Sends JSON to a path below `/api/v2/workspaceagents/me/`; the answer's body is not read.
   *
   * @returns the HTTP status
   * @throws Error if nothing answers in time, or `signal` ends it
   */
  send(
    method: "PATCH" | "POST",
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    signal?: AbortSignal,
  ): Promise<number>;
}

/** The way to Coder with the agent's token, or undefined outside of a workspace. */
export function coderAgent(env: NodeJS.ProcessEnv): CoderAgent | undefined {
  const address = env["CODER_AGENT_URL"];
  const token = env["CODER_AGENT_TOKEN"];
  if (!address || !token || !URL.canParse(address)) return undefined;
  return {
    send: async (method, path, body, signal) => {
      const limit = AbortSignal.timeout(TIMEOUT_MS);
      const answer = await requestThroughProxy(new URL(`/api/v2/workspaceagents/me/${path}`, address), {
        method,
        headers: { "content-type": "application/json", "Coder-Session-Token": token },
        body,
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
        env,
      });
      answer.close();
      return answer.status;
    },
  };
}
