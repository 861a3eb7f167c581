/** What the real Amp's screen shows, as far as it matters to somebody who wants to type into it. */
export interface AmpScreen {
  kind: ScreenKind;
  /** What stands in the input box, "" for nothing. */
  typed: string;
  /** What Amp says that it is busy with, such as `Connecting`; "" at rest. */
  activity: string;
  /** What people have said, oldest first, as far as it is on the screen; squeezed. */
  said: readonly string[];
}

/**
 * - `blank`: nothing yet
 * - `tour`: the welcome tour of a fresh home, which swallows what is typed
 * - `input`: the input box, with nothing in front of it
 * - `line`: no box, but a line to type on below a rule, as Amp's screens may come to look
 * - `failed`: a notice that the thread could not be loaded; what is typed now begins another one
 * - `dialog`: a question in front of the input box; Enter would answer it
 * - `page`: anything else
 */
export type ScreenKind = "blank" | "tour" | "input" | "line" | "failed" | "dialog" | "page";

/** The key that turns a page of the welcome tour, by what stands at its foot. */
const TOUR_KEYS: readonly [RegExp, string][] = [
  [/\bEnter to get started\s*$/, "\r"],
  [/\bSpace to continue\s*$/, " "],
];

/** A dialog names its keys in its lower edge: `↑/↓/j/k move · Enter select · Esc deny`. */
const DIALOG_EDGE = /╰.*\b(Enter|Esc)\b.*╯/;

/** The first line of a notice that goes after some seconds. */
const FAILED_TO_LOAD = /^\s*│ ✕ Failed to load\b/;

/** In the input box's lower edge: `╰ ≈ Loading Thread ───── ~/project ─╯`. */
const ACTIVITY = /^\s*╰─? [∼≈≋~] (.+?) ─/;

/** Of an activity; "Connecting", "Sending" and "Reconnecting" are Amp's own. */
const FROM_SERVER = /^(Waiting|Thinking|Streaming|Running Tools|Catching Up)\b/;

/** What the user said stands behind this mark; a scroll bar may stand at the line's end. */
const SAID = /^\s*┃(.*?)█?\s*$/;

/**
 * Reads a screen of Amp 0.0.1790142911, as AgentAPI's terminal of any width and height shows it.
 *
 * @param text the screen's lines
 */
export function readScreen(text: string): AmpScreen {
  // AgentAPI types a space and a backspace into a new terminal, and the echo of it is no screen.
  const lines = text
    .replaceAll("^H", "")
    .split("\n")
    .map((line) => line.trimEnd());
  while (lines.length > 0 && lines.at(-1) === "") lines.pop();
  const box = inputBox(lines);
  return {
    kind: kindOf(lines, box),
    typed: typedIn(box ?? []),
    activity: (box && lines.at(-1)?.match(ACTIVITY)?.[1]?.trim()) ?? "",
    said: spokenBlocks(lines),
  };
}

/** Whether Amp says what only its server lets it say: it works, or a thread comes from there. Offline it never gets so far. */
export function hasReachedServer({ activity }: AmpScreen): boolean {
  return FROM_SERVER.test(activity);
}

/** The key that turns this page of the tour, or undefined if the screen is none. */
export function tourKey(text: string): string | undefined {
  return TOUR_KEYS.find(([foot]) => foot.test(text.trimEnd()))?.[1];
}

/**
 * How often a prompt stands among what was said. A long one may have left the screen in part: its end, or its
 * beginning, is enough then.
 */
export function timesSaid({ said }: AmpScreen, prompt: string): number {
  const wanted = squeeze(prompt);
  const isIt = (block: string) =>
    block === wanted || (block.length >= 200 && (wanted.endsWith(block) || wanted.startsWith(block)));
  return said.filter(isIt).length;
}

/** Whether the screen shows the end of a text anywhere: what was typed and not sent yet. */
export function echoes(text: string, typed: string): boolean {
  return squeeze(text).includes(squeeze(typed).slice(-24));
}

/** Whether a text, such as a whole conversation, holds a prompt, however it is wrapped. */
export function holds(text: string, prompt: string): boolean {
  return squeeze(text).includes(squeeze(prompt));
}

function kindOf(lines: readonly string[], box: readonly string[] | undefined): ScreenKind {
  const text = lines.join("\n");
  if (text.trim() === "") return "blank";
  if (!box && tourKey(text) !== undefined) return "tour";
  const above = lines.slice(0, box ? -(box.length + 2) : undefined);
  if (above.some((line) => DIALOG_EDGE.test(line))) return "dialog";
  if (above.some((line) => FAILED_TO_LOAD.test(line))) return "failed";
  if (box) return "input";
  const below = lines.findLastIndex((line) => /^\s*[─━]{20,}\s*$/.test(line));
  return below >= 0 && lines.length - below <= 3 ? "line" : "page";
}

/** The lines inside of a box that ends the screen: `╭───╮`, `│ … │`, `╰───╯` from the same column on. */
function inputBox(lines: readonly string[]): string[] | undefined {
  const left = lines.at(-1)?.match(/^(\s*)╰.*╯$/)?.[1];
  if (left === undefined) return undefined;
  for (let at = lines.length - 2; at >= 0; at -= 1) {
    const line = lines[at] ?? "";
    if (line.startsWith(`${left}╭`) && line.endsWith("╮")) return lines.slice(at + 1, -1);
    if (!line.startsWith(`${left}│`)) return undefined;
  }
  return undefined;
}

function typedIn(box: readonly string[]): string {
  const lines = box.map((line) => line.replace(/^\s*│|│\s*$/g, "").trim());
  // Older releases begin the line with a prompt sign.
  return lines.join("\n").trim().replace(/^>\s*/, "");
}

function spokenBlocks(lines: readonly string[]): string[] {
  const blocks: string[] = [];
  let isInside = false;
  for (const line of lines) {
    const words = line.match(SAID)?.[1];
    if (words !== undefined) blocks.push(squeeze((isInside ? (blocks.pop() ?? "") : "") + words));
    isInside = words !== undefined;
  }
  return blocks;
}

/**
 * Only what a terminal cannot change: wrapping, tabs, blanks, marks above letters and pictures go. Two texts that differ
 * in nothing else count as the same.
 */
function squeeze(text: string): string {
  return text.normalize("NFD").replace(/[^\p{L}\p{N}!-~]/gu, "");
}

/** Whether Amp, asked by one Escape, waits for the second one that interrupts its turn. */
export function asksToInterrupt(text: string): boolean {
  return /│ Esc(ape)? +Interrupt\b/.test(text);
}
