import { ModuleError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Config } from "../config.ts";
import { shownScreen } from "../server/diagnosis.ts";
import type { DeliveryNote } from "./delivery-record.ts";

/** What an agent is to be given now. */
export interface Errand {
  /** "" for nothing. */
  prompt: string;
  /** It was sent before, and whether it arrived was never seen. */
  isDoubtful: boolean;
  /** Where its way is kept. */
  note: DeliveryNote;
}

/** What the log says of a prompt that Amp has had. */
export const NOT_SENT_AGAIN = "The prompt is part of this conversation already: it is not sent again.";

/** How an agent that came up took its errand. */
export type Outcome =
  | { state: "ready" }
  /** `earlier`: it turned out to be there already. */
  | { state: "taken"; how: "chat" | "typed" | "earlier" }
  /** It was sent, and nothing shows that it arrived. It is not sent again. */
  | { state: "unconfirmed" }
  /** There is no input box but a line to type on; nothing was sent. */
  | { state: "unboxed" }
  /** Something else than the input box is on the screen; nothing was sent. */
  | { state: "blocked"; screen: string };

/**
 * Writes how it went to the log.
 *
 * @throws ModuleError if the agent did not get its prompt; it runs on, for a person to answer what it asks
 */
export function report(
  outcome: Outcome,
  { prompt }: Errand,
  config: Config,
  elapsedMs: number,
  log: Log,
): void {
  const seconds = (elapsedMs / 1000).toFixed(1);
  switch (outcome.state) {
    case "ready":
      log.tell(`Amp is ready after ${seconds} s.`);
      break;
    case "taken":
      if (outcome.how === "earlier") log.tell(NOT_SENT_AGAIN);
      else log.tell(`Amp has taken the prompt after ${seconds} s.`);
      if (outcome.how === "typed") {
        log.warn(
          "The prompt was typed into the terminal (AgentAPI takes no chat message from such a screen), so it stands in " +
            'no chat history. transport = "stream" does not depend on any screen.',
        );
      }
      break;
    case "unconfirmed":
      log.warn(
        "The prompt was sent, but nothing shows that Amp has it. It is not sent a second time: look at the chat, and " +
          "send it there if it is missing.",
      );
      break;
    case "unboxed":
      break;
    case "blocked":
      refuse(outcome.screen, prompt, config, log);
  }
}

function refuse(screen: string, prompt: string, config: Config, log: Log): void {
  const what = `Amp shows something else than its input box:\n${shownScreen(screen)}`;
  const look = `Open the terminal app, or run \`agentapi attach --url localhost:${config.agentapi_port}\` in a terminal, and answer it`;
  if (prompt !== "") {
    throw new ModuleError(
      `The prompt was not sent. ${what}`,
      `${look}; then run \`amp-module start\`, which sends the prompt.`,
    );
  }
  log.warn(`${what}\n${look}.`);
}
