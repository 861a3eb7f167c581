import { AmpOptionError } from "./errors.ts";

const THREAD = /(?:^|\/)(T-[A-Za-z0-9][A-Za-z0-9-]*)(?:[/?#].*)?$/;

/**
 * The id in an Amp thread's id (`T-…`) or address (`https://ampcode.com/threads/T-…`).
 * @throws AmpOptionError if there is none
 */
export function threadId(idOrUrl: string): string {
  const id = idOrUrl.trim().match(THREAD)?.[1];
  if (id === undefined)
    throw new AmpOptionError(`not an Amp thread: ${JSON.stringify(idOrUrl)} (want T-… or its URL)`);
  return id;
}

/** Whether a text is an Amp thread's id or address. */
export function isThread(text: string): boolean {
  return THREAD.test(text.trim());
}

/** The address of a thread on Amp's site. */
export function threadUrl(id: string, env: NodeJS.ProcessEnv): string {
  return `${ampSite(env)}/threads/${id}`;
}

/** The address of Amp's site, or of the server that `AMP_URL` names, without a slash at the end. */
export function ampSite(env: NodeJS.ProcessEnv): string {
  return (env["AMP_URL"] || "https://ampcode.com").replace(/\/+$/, "");
}
