import { withoutPasteEnd } from "../amp/paste.ts";
import { sha256 } from "../base/digest.ts";
import type { Config } from "../config.ts";

const REPORTING =
  "Report your progress to Coder with the coder_report_task tool: when you begin, at every milestone, " +
  "and when you are done or need an answer.";

/**
 * The first prompt as Amp gets it: the template's or the Task's text, unchanged but for outer white space, which
 * AgentAPI refuses; below it, only with `status_reports = "coder-mcp"`, the request to report progress, if there is a tool
 * to do it with.
 *
 * @returns "" if there is nothing to send
 */
export function firstPrompt(config: Config, hasCoder: boolean): string {
  // AgentAPI types a message as one paste.
  const prompt = trimWhitespace(withoutPasteEnd(config.ai_prompt));
  if (prompt === "") return "";
  return config.status_reports === "coder-mcp" && hasCoder ? `${prompt}\n\n${REPORTING}` : prompt;
}

/** By this a prompt is known again without being kept. @returns "" for no prompt */
export function promptDigest(prompt: string): string {
  return prompt === "" ? "" : sha256(prompt);
}

/** Exactly the characters that AgentAPI counts as white space; String.trim would also take Unicode spaces. */
export function trimWhitespace(text: string): string {
  // No regular expression: one anchored at the end takes seconds for a long run of spaces in the middle.
  let from = 0;
  let to = text.length;
  while (from < to && isWhitespace(text[from])) from += 1;
  while (to > from && isWhitespace(text[to - 1])) to -= 1;
  return text.slice(from, to);
}

function isWhitespace(character: string | undefined): boolean {
  return character !== undefined && " \t\n\r\f\v".includes(character);
}
