import { reasonOf } from "../base/errors.ts";
import { requestThroughProxy } from "../base/proxied-http.ts";
import type { Redact } from "../base/redact.ts";
import { fitting, type Status } from "./status.ts";

const TIMEOUT_MS = 3_000;
const SUBJECT = "Status: ";

/** A log without what is told here: what keeps a report from Coder is no trouble of Amp's. */
export function withoutReports(log: string): string {
  return log.replace(new RegExp(`^.{0,40}\\b${SUBJECT}.*$`, "gm"), "");
}

/** Gives one status to Coder; never fails. */
export type Send = (status: Status, signal: AbortSignal) => Promise<void>;

export interface ClientOptions {
  /** Slug of the app that the status is shown beside, "" for none. */
  app: string;
  env: NodeJS.ProcessEnv;
  redact: Redact;
  /** Called once, with what keeps the reports from Coder. */
  log: (line: string) => void;
}

/**
 * The way to Coder's `app-status`, or undefined outside of a workspace. What Coder refuses once is not tried again: an
 * older release has no such address, and a token or an app that it does not know stays unknown. Whatever else goes wrong
 * may be better the next time.
 */
export function statusClient({ app, env, redact, log }: ClientOptions): Send | undefined {
  const address = env["CODER_AGENT_URL"];
  const token = env["CODER_AGENT_TOKEN"];
  if (!app || !address || !token || !URL.canParse(address)) return undefined;
  const url = new URL("/api/v2/workspaceagents/me/app-status", address);
  let isRefused = false;
  let isLogged = false;
  const tell = (reason: string) => {
    if (!isLogged) log(`${SUBJECT}${reason}, so the dashboard may not show what Amp does.`);
    isLogged = true;
  };
  return async ({ state, message, uri }, signal) => {
    if (isRefused) return;
    const body = { app_slug: app, state, message: fitting(redact(message)), uri: redact(uri) };
    try {
      const answer = await requestThroughProxy(url, {
        method: "PATCH",
        headers: { "content-type": "application/json", "Coder-Session-Token": token },
        body: JSON.stringify(body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        env,
      });
      answer.close();
      if (answer.status < 300) return;
      isRefused = answer.status >= 400 && answer.status < 500 && answer.status !== 429;
      tell(`Coder answers HTTP ${answer.status}`);
    } catch (error) {
      if (!signal.aborted) tell(redact(reasonOf(error)));
    }
  };
}
