/** Amp's question whether a tool may run, as its screen shows it (seen with 0.0.1790142911). */
export interface ApprovalDialog {
  tool: string;
  /** The call in words, on one line. */
  title: string;
  /** Which of the options is chosen, from 0. */
  chosen: number;
}

/** An answer of a person's; what `always` reaches to differs by where it is given. */
export type Decision = "yes" | "always" | "no";

const OPTIONS = [
  "Allow Once",
  "Reject with feedback",
  "Allow All for This Session",
  "Allow All for Every Session",
];
const TITLE = /^\s*╭─ Approval Required ─+╮\s*$/;
const FEEDBACK = /^\s*╭─ Tell Amp what to do differently ─+╮\s*$/;
const DOWN = "j";
const UP = "k";
export const ENTER = "\r";

/** The question on the screen, or undefined if there is none. Others wait behind it. */
export function readApproval(screen: string): ApprovalDialog | undefined {
  const lines = insideOf(screen, TITLE);
  const at = lines.findIndex((line) => line.replace("‣", "").trim() === OPTIONS[0]);
  const [tool = "", ...call] = lines.slice(0, Math.max(at, 0)).filter((line) => line !== "");
  if (at < 0 || !tool.endsWith(":")) return undefined;
  const chosen = lines.slice(at, at + OPTIONS.length).findIndex((line) => line.startsWith("‣"));
  if (chosen < 0) return undefined;
  const words = call.filter((line) => !/^Matches .*rule/.test(line));
  return { tool: tool.slice(0, -1), title: words.join(" "), chosen };
}

/**
 * What stands in the box in which Amp wants to know what to do instead, or undefined if there is none. It comes once nothing
 * waits any more, one for each refused call.
 */
export function readFeedback(screen: string): string | undefined {
  const lines = insideOf(screen, FEEDBACK);
  return lines.length > 0 ? lines.join("").replace(/^>/, "").trim() : undefined;
}

/** The keys that choose an answer: `yes` is for this call only, `always` for every tool until Amp ends. */
export function keysFor({ chosen }: ApprovalDialog, answer: Decision): string[] {
  const wanted = { yes: 0, no: 1, always: 2 }[answer];
  const steps = wanted - chosen;
  return [...Array<string>(Math.abs(steps)).fill(steps > 0 ? DOWN : UP), ENTER];
}

/** The lines of the last box with this upper edge, without its sides. */
function insideOf(screen: string, edge: RegExp): string[] {
  const lines = screen.split("\n");
  const from = lines.findLastIndex((line) => edge.test(line));
  if (from < 0) return [];
  const inside: string[] = [];
  for (const line of lines.slice(from + 1)) {
    const text = line.match(/^\s*│(.*)│\s*$/)?.[1];
    if (text === undefined) return /^\s*╰.*╯\s*$/.test(line) ? inside : [];
    inside.push(text.trim());
  }
  return [];
}
