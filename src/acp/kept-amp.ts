import { AmpConversation, type TurnOptions } from "../amp/conversation.ts";
import type { AmpEvent } from "../amp/events.ts";
import type { InputMessage } from "../amp/input.ts";
import type { ExecuteOptions, McpServerConfig, PermissionRule } from "../amp/options.ts";
import type { AmpProbe } from "../amp/probe.ts";

export type KeptOptions = ExecuteOptions & Required<Pick<ExecuteOptions, "amp">>;

/** What a session gives its Amp. @param now what can change from turn to turn */
export function keptOptions(
  session: {
    cwd: string;
    amp: AmpProbe;
    execution: ExecuteOptions;
    mcpServers: Readonly<Record<string, McpServerConfig>>;
  },
  now: { mode: string | undefined; thread: string | undefined; rules: PermissionRule[] | undefined },
): KeptOptions {
  const { cwd, amp, execution, mcpServers } = session;
  const { labels, visibility, mode: _mode, ...common } = execution;
  return {
    ...common,
    amp,
    cwd,
    keepThread: true,
    thinking: true,
    noIde: true,
    noNotifications: true,
    ...(now.mode !== undefined && { mode: now.mode }),
    ...(Object.keys(mcpServers).length > 0 && { mcpConfig: mcpServers }),
    ...(now.rules && { settings: { "amp.permissions": now.rules } }),
    // Labels and visibility are for threads that begin here.
    ...(now.thread === undefined
      ? { ...(labels && { labels }), ...(visibility && { visibility }) }
      : { continueThread: now.thread }),
  };
}

/**
 * The Amp process of one session. It stays from turn to turn; one that has ended, or that was started with other options
 * than the next turn wants, is replaced on the same thread.
 */
export class KeptAmp {
  readonly #onIdle: (event: AmpEvent) => void;
  #conversation: AmpConversation | undefined;
  #options = "";

  constructor(onIdle: (event: AmpEvent) => void) {
    this.#onIdle = onIdle;
  }

  /** Gives Amp a message, on a process of these options. @throws AmpError if Amp ends before the turn does */
  async turn(message: InputMessage, options: KeptOptions, how: TurnOptions): Promise<void> {
    const key = lasting(options);
    if (this.#conversation && (this.#options !== key || !this.#conversation.isOpen)) await this.close();
    if (!this.#conversation) {
      this.#options = key;
      this.#conversation = new AmpConversation(options, this.#onIdle);
    }
    await this.#conversation.turn(message, how);
  }

  /** Ends Amp. Resolves when it has gone. */
  async close(): Promise<void> {
    const conversation = this.#conversation;
    this.#conversation = undefined;
    await conversation?.close();
  }
}

/** What an Amp process cannot change any more. What belongs to the thread's beginning is no part of it. */
function lasting({
  amp,
  continueThread: _,
  labels: __,
  visibility: ___,
  signal: ____,
  ...rest
}: KeptOptions): string {
  return JSON.stringify([amp.path, amp.version, rest]);
}
