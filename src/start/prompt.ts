import type { Config } from "../config.ts";

const REPORTING =
  "Report your progress to Coder with the coder_report_task tool: when you begin, at every milestone, " +
  "and when you are done or need an answer.";

/**
 * The first prompt as Amp gets it: the template's or the Task's text, unchanged but for outer white space, which
 * AgentAPI refuses; below it the request to report progress, where there is a tool to do it with.
 *
 * @returns "" where there is nothing to send
 */
export function firstPrompt(config: Config, hasCoder: boolean): string {
  const prompt = trimWhitespace(config.ai_prompt);
  if (prompt === "") return "";
  return config.report_tasks && hasCoder ? `${prompt}\n\n${REPORTING}` : prompt;
}

/** Exactly the characters that AgentAPI counts as white space; String.trim would also take Unicode spaces. */
export function trimWhitespace(text: string): string {
  return text.replace(/^[ \t\n\r\f\v]+|[ \t\n\r\f\v]+$/g, "");
}
