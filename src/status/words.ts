import { describeTool } from "../amp/tools.ts";

/** What the status says when nothing more exact is known. */
export const WORDS = {
  ready: "Ready for a message",
  turn: "Working on a message",
  done: "Done: waiting for a message",
  cancelled: "Cancelled: waiting for a message",
  failed: "Amp stopped with an error",
  question: "Waiting for your answer to a question",
  approval: "Waiting for your approval",
  ended: "Amp has ended",
  installing: "Installing Amp",
  installed: "Amp is installed",
  stopped: "Stopped: the conversation continues at the next start",
} as const;

/** Tools by which Amp asks a person something. */
const QUESTIONS = ["ask_user_choice"];

/** A tool call as a status says it. */
export interface ToolWords {
  /** Such as ``Running `npm test` `` or `Read src/app.ts`. */
  doing: string;
  /** Such as `npm test`. */
  what: string;
  isQuestion: boolean;
}

export function toolWords(name: string, input: unknown): ToolWords {
  const { title, kind } = describeTool(name, input);
  return {
    doing: kind === "execute" ? `Running \`${title}\`` : title,
    what: title,
    isQuestion: QUESTIONS.includes(name),
  };
}

/** A reason of somebody else's behind what has failed. */
export function failure(reason: string): string {
  return reason === "" ? WORDS.failed : `${WORDS.failed}: ${reason}`;
}
