import type { AgentApiClient } from "../agentapi/client.ts";
import type { Message } from "../agentapi/contract.ts";
import { coderAgent } from "../base/coder-agent.ts";
import { reasonOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Context } from "../context.ts";

/** What Coder accepts: the last messages, in a body of at most this many bytes. */
const MOST_MESSAGES = 10;
const MOST_BYTES = 65_536;
const TIMEOUT_MS = 3_000;
const CUT_MARK = "[… the beginning is cut off …]\n";

/**
 * Gives Coder the last messages of a Task, so that they can be read while the workspace is stopped. Whatever goes wrong
 * is a line in the log: stopping continues.
 */
export async function postSnapshot(context: Context, client: AgentApiClient, log: Log): Promise<void> {
  const { config, env } = context;
  const coder = coderAgent(env);
  if (!config.task_log_snapshot || config.task_id === "" || coder === undefined) return;
  try {
    const messages = await client.messages({ timeoutMs: TIMEOUT_MS });
    const body = snapshotBody(messages);
    if (body === undefined) {
      log.info("Snapshot: there are no messages to keep.");
      return;
    }
    const path = `tasks/${encodeURIComponent(config.task_id)}/log-snapshot?format=agentapi`;
    const status = await coder.send("POST", path, body);
    if (status === 404) log.info("Snapshot: this Coder release takes none.");
    else if (status >= 200 && status < 300) log.info(`Snapshot: ${body.length} bytes are with Coder.`);
    else log.warn(`Snapshot: Coder answers HTTP ${status}, so the stopped Task shows no messages.`);
  } catch (error) {
    log.warn(`Snapshot: ${reasonOf(error)}, so the stopped Task shows no messages.`);
  }
}

/**
 * The body as AgentAPI's own `/messages` answers it, with the newest messages that fit. A single message that does not
 * fit keeps its end, cut between two characters.
 *
 * @returns UTF-8 JSON of at most 65,536 bytes, or undefined if there is nothing to keep
 */
export function snapshotBody(messages: readonly Message[]): Uint8Array<ArrayBuffer> | undefined {
  const last = messages.at(-1);
  if (last === undefined) return undefined;
  // From the newest backwards, so that the cost does not grow with what is left out.
  let fitting: Uint8Array<ArrayBuffer> | undefined;
  for (let count = 1; count <= Math.min(MOST_MESSAGES, messages.length); count++) {
    const kept = messages.slice(-count);
    if ((kept[0]?.content.length ?? 0) > MOST_BYTES) break;
    const body = encode(kept);
    if (body.length > MOST_BYTES) break;
    fitting = body;
  }
  return fitting ?? encode([withoutBeginning(last)]);
}

/** The longest end of a message that fits. */
function withoutBeginning(last: Message): Message {
  const characters = Array.from(last.content.slice(-MOST_BYTES));
  // A cut may have left half of a surrogate pair in front.
  if (/^[\udc00-\udfff]/.test(characters[0] ?? "")) characters.shift();
  let fits = 0;
  let tooMany = characters.length + 1;
  while (tooMany - fits > 1) {
    const half = Math.floor((fits + tooMany) / 2);
    if (encode([cut(last, characters, half)]).length <= MOST_BYTES) fits = half;
    else tooMany = half;
  }
  return cut(last, characters, fits);
}

function encode(messages: readonly Message[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify({ messages }));
}

function cut(message: Message, characters: readonly string[], length: number): Message {
  return { ...message, content: CUT_MARK + characters.slice(characters.length - length).join("") };
}
