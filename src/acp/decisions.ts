import type { AgentContext } from "@agentclientprotocol/sdk";
import { describeTool } from "../amp/tools.ts";
import { type ApprovalOptions, Approvals, type OpenQuestion } from "./approvals.ts";
import type { PermissionAnswer, PermissionQuestion } from "./broker.ts";
import { askClient } from "./consent.ts";

export interface DecisionOptions extends Omit<ApprovalOptions, "onChange"> {
  /** What happens if a rule says `ask`. */
  ask: "client" | "deny" | "allow" | "chat" | "terminal";
  client: AgentContext;
  sessionId: string;
  /** The open call of a tool with this input. */
  callId: (tool: string, input: unknown) => string | undefined;
  /** Resolves when the client has seen all that was sent. */
  flush: () => Promise<void>;
  /** Tells it in the conversation. */
  say: (text: string) => Promise<void>;
  /** Called when a question is to be asked in the chat. */
  onAsk: () => void;
  /** Called with the questions that wait for somebody, whenever these change. */
  onWaiting: (open: readonly { title: string }[]) => void;
  /** Called with those among them that wait for a person who has no dialog. */
  onOpen: (open: readonly OpenQuestion[]) => void;
}

/** Decides on the calls of one session that a rule wants consent for. */
export class Decisions {
  /** Questions that wait for a person who has no dialog. */
  readonly approvals: Approvals;
  readonly #options: DecisionOptions;
  /** What the client's user has decided for the whole session. */
  readonly #decided = new Map<string, PermissionAnswer>();
  #denials: unknown[] = [];
  #signal: AbortSignal | undefined;

  constructor(options: DecisionOptions) {
    this.#options = options;
    const onChange = (open: readonly OpenQuestion[]) => {
      options.onOpen(open);
      options.onWaiting(open);
    };
    this.approvals = new Approvals({ ...options, onChange });
  }

  /** A turn begins. @param denials gets the calls that are refused @param signal ends the turn, and its questions */
  begin(denials: unknown[], signal: AbortSignal): void {
    this.#denials = denials;
    this.#signal = signal;
  }

  /** @param gone the call was given up */
  async decide(question: PermissionQuestion, gone: AbortSignal): Promise<PermissionAnswer> {
    const { tool, input } = question;
    const answer = await this.#answerTo(question, gone);
    if (!answer.isAllowed) {
      this.#denials.push({ tool_name: tool, tool_input: input });
      const { title } = describeTool(tool, input);
      await this.#options.say(`${tool} was not allowed (${title}): ${answer.reason}\n`);
    }
    return answer;
  }

  async #answerTo(question: PermissionQuestion, gone: AbortSignal): Promise<PermissionAnswer> {
    const signal = AbortSignal.any([gone, ...(this.#signal ? [this.#signal] : [])]);
    switch (this.#options.ask) {
      case "allow":
        return { isAllowed: true, reason: "" };
      case "client":
        return this.#decided.get(question.tool) ?? (await this.#askClient(question, signal));
      case "chat":
      case "terminal":
        return await this.#askPerson(question, signal);
      default:
        return { isAllowed: false, reason: "A rule wants a person's consent, and nobody can be asked here." };
    }
  }

  async #askClient(question: PermissionQuestion, signal: AbortSignal): Promise<PermissionAnswer> {
    const { client, sessionId, callId, flush, onWaiting } = this.#options;
    const { tool, input } = question;
    await flush();
    onWaiting([describeTool(tool, input)]);
    const { isForSession, ...answer } = await askClient(
      client,
      sessionId,
      question,
      callId(tool, input),
      signal,
    );
    onWaiting([]);
    if (isForSession) this.#decided.set(tool, answer);
    return answer;
  }

  async #askPerson(question: PermissionQuestion, signal: AbortSignal): Promise<PermissionAnswer> {
    const { ask, onAsk, say } = this.#options;
    const before = this.approvals.open.length;
    const answer = this.approvals.ask(question, signal);
    const mine = this.approvals.open[before];
    if (mine && ask === "chat") onAsk();
    else if (mine) {
      const how = `Question ${mine.number}: Amp wants to run \`${mine.title}\` (${mine.tool}). Answer it in a terminal of the workspace: \`amp-module approve ${mine.number}\` or \`amp-module deny ${mine.number}\`.`;
      await say(`${how}\n`);
    }
    return await answer;
  }
}
