/*
 * What the agent tells on stderr about how it fares. Under AgentAPI these lines stand in agentapi-start.log, where the
 * start looks for them.
 */

import { squeezed } from "../base/harmless.ts";

/** Every line of the agent begins so. */
export const AGENT_LINE = "amp-acp: ";
/** A session is open and waits for a prompt. */
export const READY = "ready";
/** Amp answers: the first event of a turn has come. */
export const FIRST_EVENT = "first event";

/** Questions wait for a person, or none do any more; how many stands behind it. */
export const WAITING = "questions that wait for a person: ";

const TURN_FAILED = "turn failed: ";
const MAX_REASON = 500;

/** A turn that came to nothing. `kind` is an `AmpErrorKind`, `bad_option`, `bad_prompt` or `unexpected`. */
export interface FailedTurn {
  kind: string;
  reason: string;
}

/** The line for a failed turn, without the prefix. */
export function turnFailed({ kind, reason }: FailedTurn): string {
  // A reason is one line, and no control character of somebody else's text steers the terminal that shows the log.
  const line = squeezed(reason);
  return `${TURN_FAILED}${kind}: ${line.slice(0, MAX_REASON)}`;
}

/** What a log tells about the agent, in the order in which it happened. */
export interface AgentSignals {
  isReady: boolean;
  hasFirstEvent: boolean;
  failedTurns: FailedTurn[];
}

/** Reads the agent's lines in a log; a text before the prefix, such as a time stamp, does not matter. */
export function readSignals(log: string): AgentSignals {
  const said = log.split("\n").flatMap((line) => {
    const at = line.indexOf(AGENT_LINE);
    return at === -1 ? [] : [line.slice(at + AGENT_LINE.length).trimEnd()];
  });
  const failedTurns = said.flatMap((line) => {
    const [, kind, reason] = line.match(/^turn failed: (\w+): ?(.*)$/) ?? [];
    return kind === undefined ? [] : [{ kind, reason: reason ?? "" }];
  });
  return { isReady: said.includes(READY), hasFirstEvent: said.includes(FIRST_EVENT), failedTurns };
}
