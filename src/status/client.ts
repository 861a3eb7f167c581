import { coderAgent } from "../base/coder-agent.ts";
import { reasonOf } from "../base/errors.ts";
import type { Redact } from "../base/redact.ts";
import { fitting, type Status } from "./status.ts";

const SUBJECT = "Status: ";
const EFFECT = ", so the dashboard may not show what Amp does.";

/** A log without what is told here: what keeps a report from Coder is no trouble of Amp's. */
export function withoutReports(log: string): string {
  return log.replace(new RegExp(`^.*\\b${SUBJECT}.*${EFFECT}$`, "gm"), "");
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
  const coder = app ? coderAgent(env) : undefined;
  if (coder === undefined) return undefined;
  let isRefused = false;
  let isLogged = false;
  const tell = (reason: string) => {
    if (!isLogged) log(`${SUBJECT}${reason}${EFFECT}`);
    isLogged = true;
  };
  return async ({ state, message, uri }, signal) => {
    if (isRefused) return;
    const body = { app_slug: app, state, message: fitting(redact(message)), uri: redact(uri) };
    try {
      const status = await coder.send("PATCH", "app-status", JSON.stringify(body), signal);
      if (status < 300) return;
      isRefused = status >= 400 && status < 500 && status !== 429;
      tell(`Coder answers HTTP ${status}`);
    } catch (error) {
      if (!signal.aborted) tell(redact(reasonOf(error)));
    }
  };
}
